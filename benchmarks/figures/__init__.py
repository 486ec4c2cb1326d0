"""One module per figure: what is measured, how, and against what stands in its docstring."""
