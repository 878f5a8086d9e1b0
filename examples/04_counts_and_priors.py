"""04. With two trials, the likelihood and the prior matter.

Secure attachment: 31 of 46 and 8 of 14 infants with parent-infant psychotherapy (PIP), 9 of 54 and 1 of 54
without. The counts are reconstructed from the review's pooled result, not extracted from the trial reports.

A log risk ratio with its standard error is a summary of four counts. With 1 event among 54 it is a poor one: one
event more or less would move it far. The binomial likelihood takes the counts as they are, and needs no zero-cell
correction.
"""

from pathlib import Path

import mutau

HERE = Path(__file__).parents[1]
studies = mutau.read_studies(HERE / "data" / "pip" / "studies.csv")
model = mutau.load_model(HERE / "models" / "secure.toml")
fit = mutau.fit(studies, model, engine="exact", seed=1)

# 1. The likelihood. The same two trials, the same priors; only how the counts are told differs. Each trial's baseline
# risk has a wide prior of its own; half and double its width show that it hardly matters here.
told = mutau.compare_likelihoods(fit)
print(told[["likelihood_label", "estimate", "lower", "upper", "p_benefit"]].round(3).to_string(index=False))

# 2. The prior for tau, the spread between settings. Two trials say almost nothing of it, so the interval is the
# prior's to widen: the wider tau may be, the less two trials that agree prove about a third place.
compared = mutau.compare(fit)
bayesian = compared[compared["engine"] == "exact"]
print(
    bayesian[["prior_label", "estimate", "lower", "upper", "p_benefit", "p_benefit_new"]]
    .round(3)
    .to_string(index=False)
)

# 3. A published prior: what the reviews of this review's Cochrane group have found of heterogeneity.
group = dict(model.tau_alternatives)["review group"]
print(f"review group: tau ~ {group}, from {group.origin.name}")

# What to say: the direction is not in doubt under any of these; the size is. No row is the true one.
print(mutau.probability_of_benefit(fit))
