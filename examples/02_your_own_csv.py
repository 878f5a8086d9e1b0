"""02. Your own trials, from a CSV file.

One row per trial: its name, and events and participants in each arm. The three trials here are made up.
"""

from pathlib import Path

import mutau
from mutau import priors

studies = mutau.read_studies(Path(__file__).with_name("my_trials.csv"))

# The outcome is relapse, so lower is better. Priors left out are mutau's defaults for risk ratios.
model = mutau.OutcomeModel(name="relapse", title="Relapse within a year", measure="RR", benefit="lower")

# What goes in: log risk ratios and their variances, as metafor's escalc() gives them.
print(mutau.effects(studies, measure="RR")[["study", "yi", "vi"]].round(4).to_string(index=False))

# Classic pooling: REML with the Hartung-Knapp interval, on the log scale.
pooled = mutau.pool(studies, measure="RR", tau2="REML", ci="HK")
print(
    f"classic: log RR {pooled.estimate:.3f} [{pooled.lower:.3f}, {pooled.upper:.3f}], tau2 {pooled.tau2:.4f}"
)

# Bayesian: the probability that the treatment prevents relapse.
fit = mutau.fit(studies, model, seed=1)
print(mutau.probability_of_benefit(fit))

# The same with a prior of your own: a sceptic who doubts large effects.
sceptic = mutau.OutcomeModel(
    name="relapse-sceptic",
    title="Relapse within a year, sceptical prior",
    measure="RR",
    benefit="lower",
    mu_prior=priors.Normal(0, 0.2),
    tau_prior=priors.HalfNormal(0.5),
)
print(mutau.probability_of_benefit(mutau.fit(studies, sceptic, seed=1)))
