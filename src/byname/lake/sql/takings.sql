-- What was taken on each day at each touchpoint and place?
-- Money in minor units; customers counts identifiers, not yet people.
select
    day,
    touchpoint,
    place,
    currency,
    count(*) as events,
    count(distinct identifier) as customers,
    cast(sum(case when name in ('Till Return', 'Order Refunded') then -amount else amount end) as bigint) as taken,
    cast(sum(lines) as bigint) as lines
from event
where currency <> ''
group by day, touchpoint, place, currency
order by day, touchpoint, place, currency
