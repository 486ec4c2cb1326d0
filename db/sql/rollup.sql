-- name: rolled_up
-- Until when fresh intervals are rolled up; they stay where they are while a writer holds this.
SELECT until FROM rolled_up FOR SHARE

-- name: rolled_up_until
-- The same for a reader, who need not hold it.
SELECT until FROM rolled_up

-- name: begin
-- The same for the roll-up, which waits for the writers and keeps them out.
SELECT until FROM rolled_up FOR UPDATE

-- name: move_on
-- Another hour is rolled up.
UPDATE rolled_up SET until = %(until)s
