"""Dumps of years: archives of submissions and communities (Pushshift, Arctic Shift, old CSVs) as records.

`opened.py` finds out what a file is, `packed.py` unpacks it as a stream, `split.py` cuts it into lines, elements or
CSV records, `submissions.py` reads a usual line fast, `kinds.py` reads every other one or says why not, and
`stretches.py` gives it all in stretches that memory can hold.
"""
