# Reference values for 2x2 tables and rates pooled: metafor's rma.mh() for the tests of Cochran-Mantel-Haenszel, of Breslow
# and Day and of Tarone; survival's clogit() and R's glm() for conditional maximum likelihood.
#
#   Rscript tests/reference/make_tables.R > tests/reference/tables.json

suppressMessages({library(metafor); library(metadat); library(survival)})

source("tests/reference/json_out.R")

one <- function(x) if (is.null(x) || length(x) == 0) NA else x[[1]]

conditional <- function(ai, n1i, ci, n2i) {
  person <- function(x, n) rep(c(1, 0), c(x, n - x))
  rows <- do.call(rbind, Map(function(a, n1, c, n2, i) {
    data.frame(event = c(person(a, n1), person(c, n2)), arm = rep(c(1, 0), c(n1, n2)), study = i)
  }, ai, n1i, ci, n2i, seq_along(ai)))
  fit <- clogit(event ~ arm + strata(study), data = rows, method = "exact",
                control = coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100))
  list(estimate = as.numeric(coef(fit)), se = sqrt(vcov(fit)[1, 1]))
}

tables <- function(ai, n1i, ci, n2i, clogit = TRUE) {
  mh <- function(correct) {
    suppressWarnings(rma.mh(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, correct = correct))
  }
  plain <- mh(FALSE); corrected <- mh(TRUE)
  out <- list(events_treatment = vec(ai), n_treatment = vec(n1i), events_control = vec(ci), n_control = vec(n2i),
              cmh = plain$MH, cmh_p = plain$MHp, cmh_corrected = corrected$MH, cmh_corrected_p = corrected$MHp,
              breslow_day = one(plain$BD), breslow_day_p = one(plain$BDp),
              tarone = one(plain$TA), tarone_p = one(plain$TAp))
  one_step <- suppressWarnings(rma.peto(ai = ai, n1i = n1i, ci = ci, n2i = n2i))
  out <- c(out, peto = as.numeric(one_step$beta), peto_se = one_step$se, peto_q = one_step$QE)
  if (clogit) out <- c(out, conditional(ai, n1i, ci, n2i))
  out
}

rates <- function(x1i, t1i, x2i, t2i) {
  fit <- glm(cbind(x1i, x2i) ~ 1, offset = log(t1i / t2i), family = binomial,
             control = glm.control(epsilon = 1e-15, maxit = 100))
  mh <- lapply(c("IRR", "IRD"), function(measure) {
    found <- suppressWarnings(rma.mh(measure = measure, x1i = x1i, t1i = t1i, x2i = x2i, t2i = t2i))
    vec(c(as.numeric(found$beta), found$se, found$QE))
  })
  list(events_treatment = vec(x1i), time_treatment = vec(t1i), events_control = vec(x2i), time_control = vec(t2i),
       mh_irr = mh[[1]], mh_ird = mh[[2]],
       estimate = as.numeric(coef(fit)), se = sqrt(vcov(fit)[1, 1]), q = deviance(fit))
}

b <- dat.bcg; w <- dat.nielweise2007
y <- dat.yusuf1985; y <- y[complete.cases(y[, c("ai", "n1i", "ci", "n2i")]), ]
y <- y[y$table == "6", ]
k <- dat.collins1985a; k <- k[complete.cases(k[, c("b.xti", "nti", "b.xci", "nci")]), ]
h <- dat.hart1999; z <- dat.nielweise2008
out <- list(
  bcg = tables(b$tpos, b$tpos + b$tneg, b$cpos, b$cpos + b$cneg, clogit = FALSE),
  tolbutamide = tables(c(8, 22), c(106, 98), c(5, 16), c(120, 85)),
  nielweise2007 = tables(w$ai, w$n1i, w$ci, w$n2i),
  yusuf1985 = tables(y$ai, y$n1i, y$ci, y$n2i),
  collins1985a = tables(k$b.xti, k$nti, k$b.xci, k$nci)
)
rate <- list(
  hart1999 = rates(h$x1i, h$t1i, h$x2i, h$t2i),
  nielweise2008 = rates(z$x1i, z$t1i, z$x2i, z$t2i)
)
cat(as_json(list(made_with = c(versions("make_tables.R"), survival = as.character(packageVersion("survival"))),
                 counts = out, rates = rate)), "\n")
