"""03. Take the PyMC model and change it.

`mutau.pymc_model` gives the model itself. Here it gains a quantity that mutau does not report: how many fewer of
1,000 infants would have disorganised attachment with parent-infant psychotherapy (PIP).
"""

from pathlib import Path

import arviz as az
import pymc as pm

import mutau

HERE = Path(__file__).parents[1]
studies = mutau.read_studies(HERE / "data" / "pip" / "studies.csv")
outcome = mutau.load_model(HERE / "models" / "disorganised.toml")

model = mutau.pymc_model(studies, outcome)
print(model.named_vars.keys())

# Numbers are data: the prior for tau can be widened without building the model again.
pm.set_data({"tau_prior_scale": 1.0}, model=model)

# The graph is an ordinary PyMC model, so anything can be added. Disorganised attachment: lower is better.
with model:
    baseline = 0.45  # assumed: 450 of 1,000 infants without PIP
    risk_ratio = pm.math.exp(model["mu"])
    pm.Deterministic("fewer_per_1000", 1000 * baseline * (1 - risk_ratio))
    tree = pm.sample(draws=1000, tune=1000, chains=4, target_accept=0.99, random_seed=1, progressbar=False)

print(az.summary(tree, var_names=["mu", "tau", "fewer_per_1000"], ci_prob=0.95))
print("P(fewer disorganised) =", float((tree.posterior["fewer_per_1000"] > 0).mean()))
