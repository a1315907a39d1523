-- What did each identifier buy, since when, and on how many days?
-- Money in minor units of its currency; days are UTC days with an order; a return lowers spent, not orders.
select
    identifier,
    currency,
    count(case when name in ('Till Sale', 'Order Completed') then 1 end) as orders,
    count(case when name in ('Till Return', 'Order Refunded') then 1 end) as returns,
    cast(sum(case when name in ('Till Return', 'Order Refunded') then -amount else amount end) as bigint) as spent,
    cast(sum(discount) as bigint) as saved,
    min(day) as first_day,
    max(day) as last_day,
    count(distinct case when name in ('Till Sale', 'Order Completed') then day end) as days
from event
where currency <> '' and identifier <> 0
group by identifier, currency
order by identifier, currency
