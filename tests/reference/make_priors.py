"""Write priors.json: densities and tail probabilities of the prior families, in 60-digit arithmetic.

Run by hand with mpmath installed (it is no dependency of mutau): ``python tests/reference/make_priors.py``.
Written from the textbook definitions, independently of mutau and of SciPy.
"""

from __future__ import annotations

import json
from pathlib import Path


def main() -> None:
    """Compute every case and write the file beside this script."""
    import mpmath as mp

    mp.mp.dps = 60
    one = mp.mpf(1)
    inf = mp.inf

    def t_parts(z, df):
        """Log density, P(T < z), P(T > z) of the standard t."""
        log_density = (
            mp.loggamma((df + 1) / 2)
            - mp.loggamma(df / 2)
            - mp.log(df * mp.pi) / 2
            - (df + 1) / 2 * mp.log1p(z * z / df)
        )
        tail = mp.betainc(df / 2, one / 2, 0, df / (df + z * z), regularized=True) / 2
        return (log_density, 1 - tail, tail) if z >= 0 else (log_density, tail, 1 - tail)

    def normal_parts(z):
        return -z * z / 2 - mp.log(2 * mp.pi) / 2, mp.erfc(-z / mp.sqrt(2)) / 2, mp.erfc(z / mp.sqrt(2)) / 2

    def normal(x, mean, sd):
        log_density, lower, upper = normal_parts((x - mean) / sd)
        return log_density - mp.log(sd), lower, upper

    def mixture(x, weights, means, sds):
        parts = [normal(x, mean, sd) for mean, sd in zip(means, sds, strict=True)]
        density, lower, upper = (
            sum(weight * part for weight, part in zip(weights, column, strict=True))
            for column in zip(*((mp.exp(part[0]), *part[1:]) for part in parts), strict=True)
        )
        return mp.log(density), lower, upper

    def student(x, location, scale, df):
        log_density, lower, upper = t_parts((x - location) / scale, df)
        return log_density - mp.log(scale), lower, upper

    def half_normal(x, scale):
        log_density, _, upper = normal_parts(x / scale)
        return log_density + mp.log(2 / scale), mp.erf(x / scale / mp.sqrt(2)), 2 * upper

    def half_student(x, scale, df):
        log_density, _, upper = t_parts(x / scale, df)
        return log_density + mp.log(2 / scale), 1 - 2 * upper, 2 * upper

    def log_normal(x, meanlog, sdlog):
        log_density, lower, upper = normal(mp.log(x), meanlog, sdlog)
        return log_density - mp.log(x), lower, upper

    def log_student(x, location, scale, df):
        log_density, lower, upper = student(mp.log(x), location, scale, df)
        return log_density - mp.log(x), lower, upper

    def inverse_gamma(x, shape, scale):
        u = scale / x
        log_density = shape * mp.log(scale) - mp.loggamma(shape) - (shape + 1) * mp.log(x) - u
        return (
            log_density,
            mp.gammainc(shape, u, inf, regularized=True),
            mp.gammainc(shape, 0, u, regularized=True),
        )

    def exponential(x, rate):
        return mp.log(rate) - rate * x, -mp.expm1(-rate * x), mp.exp(-rate * x)

    line = [-1e6, -300.0, -30.0, -9.0, -2.5, -0.7, -1e-3, 0.0, 1e-3, 0.3, 1.0, 4.0, 12.0, 100.0, 1e5]
    positive = [1e-9, 1e-4, 0.01, 0.2, 0.34, 0.5, 1.0, 2.5, 8.0, 30.0, 400.0, 1e6]
    cases = [
        (normal, "Normal", [0.0, 2.82], line[1:-2]),
        (normal, "Normal", [-1.5, 0.4], [-16.0, -4.0, -1.5, -1.1, 0.0, 9.0]),
        (mixture, "NormalMixture", [[0.9, 0.1], [0.5, 0.0], [0.2, 2.82]], line[1:-2]),
        (mixture, "NormalMixture", [[0.5, 0.3, 0.2], [-2.0, 0.1, 5.0], [0.1, 1.0, 0.3]], [-9.0, *line[4:-2]]),
        (student, "StudentT", [0.0, 1.0, 4.0], line),
        (student, "StudentT", [0.2, 0.38, 5.0], line),
        (student, "StudentT", [1.0, 2.0, 0.3], [*line, 1e40]),
        (student, "StudentT", [0.0, 1.0, 30.5], line),
        (student, "StudentT", [0.0, 1.0, 1000.0], [-20.0, -5.0, -1.0, -0.01, 0.0, 0.5, 3.0, 12.0]),
        (lambda x, m, s: student(x, m, s, one), "Cauchy", [0.0, 0.5], [*line, 1e40]),
        (lambda x, m, s: student(x, m, s, one), "Cauchy", [3.0, 2.0], line),
        (half_normal, "HalfNormal", [0.5], positive[:8]),
        (half_normal, "HalfNormal", [7.0], positive[:10]),
        (half_student, "HalfStudentT", [0.5, 4.0], positive),
        (half_student, "HalfStudentT", [2.0, 0.7], [*positive, 1e50]),
        (half_student, "HalfStudentT", [1.0, 300.0], positive[:9]),
        (lambda x, s: half_student(x, s, one), "HalfCauchy", [0.5], [*positive, 1e50]),
        (exponential, "Exponential", [2.0], positive[:10]),
        (log_normal, "LogNormal", [-1.07, 0.87], positive),
        (log_normal, "LogNormal", [0.5, 0.1], [0.2, 1.0, 1.6, 2.0, 4.0, 9.0]),
        (log_student, "LogStudentT", [-1.72, 1.295, 5.0], [1e-200, *positive, 1e100]),
        (inverse_gamma, "InverseGamma", [1.0, 0.15], [0.001, *positive[2:]]),
        (inverse_gamma, "InverseGamma", [1.73, 0.46], [0.002, *positive[2:]]),
        (inverse_gamma, "InverseGamma", [0.4, 3.0], [0.02, *positive[3:], 1e40]),
    ]

    def exact(value):
        return [mp.mpf(each) for each in value] if isinstance(value, list) else mp.mpf(value)

    written = []
    for function, family, parameters, points in cases:
        values = [function(mp.mpf(x), *map(exact, parameters)) for x in points]
        written.append(
            {
                "family": family,
                "parameters": parameters,
                "x": points,
                "logpdf": [float(value[0]) for value in values],
                "cdf": [float(value[1]) for value in values],
                "sf": [float(value[2]) for value in values],
            }
        )
    source = f"tests/reference/make_priors.py, mpmath {mp.__version__}, {mp.mp.dps} digits"
    target = Path(__file__).with_name("priors.json")
    target.write_text(json.dumps({"source": source, "cases": written}, indent=1) + "\n")


if __name__ == "__main__":
    main()
