-- How long does each identifier wait between two days with an order?
-- Days, from the differences of calendar days (UTC); one row per identifier with at least two such days.
with visit as (
    select distinct identifier, day
    from event
    where name in ('Till Sale', 'Order Completed') and identifier <> 0
),
waited as (
    select identifier, date_diff('day', lag(day) over (partition by identifier order by day), day) as gap
    from visit
)
select
    identifier,
    count(gap) as gaps,
    min(gap) as shortest,
    max(gap) as longest,
    cast(sum(gap) as bigint) as days,
    cast(sum(gap * gap) as bigint) as days_squared
from waited
where gap is not null
group by identifier
order by identifier
