"""06. Would a sceptic be convinced?

Not "what is the probability" but "what would have to be so for it to be smaller": how sceptical a prior, how large a
bias, how many more participants without any effect. Depression scores (EPDS) after parent-infant psychotherapy, one
trial of 95 mothers, read in a public database of trials. The level of 0.9 is the asker's own; nothing hangs on it.
"""

from pathlib import Path

import mutau
from mutau.sensitivities import sceptical_limit

HERE = Path(__file__).parents[1]
model = mutau.load_model(HERE / "models" / "epds_routine_smd.toml")
studies = mutau.read_studies(HERE / "data" / "pip" / "studies.csv")
fit = mutau.fit(studies, model, engine="exact", seed=1)

asked = mutau.sensitivity(fit, level=0.9)
for point in asked.tipping:
    print(f"- {point.sentence}")

# For one effect and a known tau the sceptic's limit has a closed form: a sceptic who is 95% sure that the effect lies
# within it is not convinced at the 95% level. With tau unknown, the first line above is the same question.
yi, sei = fit.effects.loc[0, ["yi", "sei"]]
print(f"tau = 0: the sceptic's limit is an SMD of {sceptical_limit(yi, sei):.2f} either way")

# The whole of it in a paragraph, made from these numbers and nothing else; every sentence can be traced.
print(asked.verdict.text)
print(asked.verdict.to_frame()[["sentence", "table", "row", "value"]].head(4).to_string(index=False))
