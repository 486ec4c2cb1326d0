"""The Cache page's views: one file each, `show` draws it."""
