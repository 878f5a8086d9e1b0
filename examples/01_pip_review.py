"""01. The parent-infant psychotherapy review from Python.

Eight trials compared parent-infant psychotherapy (PIP) with other care. For secure attachment two of them can be
pooled. What is the probability that PIP helps, and how much of the answer comes from the prior?
"""

from pathlib import Path

import mutau

HERE = Path(__file__).parents[1]

# One table of trials, one file that says how to analyse an outcome.
studies = mutau.read_studies(HERE / "data" / "pip" / "studies.csv")
model = mutau.load_model(HERE / "models" / "secure.toml")

# Fit it: a hierarchical random-effects model in PyMC, four chains. The seed makes the numbers repeatable.
fit = mutau.fit(studies, model, seed=1)
print(fit)

# The answer, with everything it depends on. A risk ratio above 1 means more securely attached infants.
answer = mutau.probability_of_benefit(fit)
print(answer)

# mu is the mean effect, theta_new the effect in a new setting, tau the spread of effects between settings.
columns = ["quantity", "study", "scale", "estimate", "lower", "upper"]
print(mutau.summary(fit)[columns].round(2).to_string(index=False))

# Beside it: other priors for tau, classic pooling, and what the review printed. With two trials the classic
# intervals run from narrow to uninformative; the Bayesian ones lean on the prior for tau, so it is varied.
compared = mutau.compare(fit)
print(
    compared[["method", "prior_label", "estimate", "lower", "upper", "p_benefit"]]
    .round(3)
    .to_string(index=False)
)

# The numbers were reconstructed from the review's printed results, not read in the trial reports.
print("Provenance:", *fit.studies.provenance)
