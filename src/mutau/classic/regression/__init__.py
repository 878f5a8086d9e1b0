"""Meta-regression: effects on moderators, with known sampling variances and a residual tau2; see `fits`."""
