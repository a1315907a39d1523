-- What was sold of each product, to how many, and how much of it was given away?
-- Quantity in thousandths, money in minor units; returns are taken off.
select
    product,
    currency,
    count(*) as lines,
    count(distinct identifier) as customers,
    cast(sum(case when name in ('Till Return', 'Order Refunded') then -quantity else quantity end) as bigint)
        as quantity,
    cast(sum(case when name in ('Till Return', 'Order Refunded') then -amount else amount end) as bigint) as amount,
    cast(sum(discount + coupon + coupon_match) as bigint) as saved,
    min(day) as first_day,
    max(day) as last_day
from line
group by product, currency
order by product, currency
