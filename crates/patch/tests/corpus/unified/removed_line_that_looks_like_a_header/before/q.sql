select 1
-- a comment
select 2
