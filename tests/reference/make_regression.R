# Reference values for meta-regression: every estimator of the residual tau2, tests, intervals, predictions.
#
#   Rscript tests/reference/make_regression.R > tests/reference/regression.json
#
# Iterations are run to 1e-13 on effects divided by a power of two near their standard deviation, as in
# make_estimators.R, and reported on the original scale. What metafor could not compute is null. Designs are given
# column by column, the intercept first; metafor gets them as a matrix, with columns brought to a size near 1.

suppressMessages({library(metafor); library(metadat)})
options(warn = -1)
source("tests/reference/json_out.R")

tight <- list(threshold = 1e-13, tol = 1e-13, maxiter = 1e5)
search <- list(tol = 1e-13, maxiter = 1e5, tau2.max = 1e5)
estimators <- c("CE", "DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM", "GENQ", "DL2")

estimate <- function(y, v, X, method, test = "z", weights = NULL, tau2 = NULL) {
  control <- if (method %in% c("ML", "REML", "EB", "PM", "PMM")) tight else list()
  if (method %in% c("PM", "PMM")) control$tau2.max <- 1e5
  args <- list(yi = y, vi = v, method = method, test = test, control = control)
  if (ncol(X) > 1) args <- c(args, list(mods = X[, -1, drop = FALSE]))
  if (!is.null(weights)) args <- c(args, list(weights = weights, weighted = TRUE))
  if (!is.null(tau2)) args <- c(args, list(tau2 = tau2))
  tryCatch(suppressWarnings(do.call(rma, args)), error = function(e) NULL)
}
weighing <- function(y, v, X, method) {
  if (method == "GENQ") return(1 / sqrt(v))
  1 / (v + estimate(y, v, X, "DL")$tau2)
}
fitted_by <- function(y, v, X, method, test = "z") {
  if (!method %in% c("GENQ", "DL2")) return(estimate(y, v, X, method, test))
  step <- estimate(y, v, X, "GENQ", weights = weighing(y, v, X, method))
  res <- estimate(y, v, X, "DL", test, tau2 = step$tau2)
  res$se.tau2 <- step$se.tau2
  one <- X[, 1, drop = FALSE]
  alone <- estimate(y, v, one, "GENQ", weights = weighing(y, v, one, method))$tau2
  res$R2 <- if (alone > 0) max(0, 100 * (alone - step$tau2) / alone) else 0
  res$parms <- ncol(X) + 1
  res
}

coefficients_of <- function(res, s, unit) {  # unit: of each column
  list(estimate = vec(c(res$beta) / s / unit), se = vec(res$se / s / unit), statistic = vec(res$zval),
       p_value = vec(res$pval), lower = vec(res$ci.lb / s / unit), upper = vec(res$ci.ub / s / unit),
       qm = res$QM, qm_p_value = res$QMp)
}
summarised <- function(res, s, unit, method) {
  if (is.null(res)) return(list(tau2 = NA))
  kind <- if (method == "REML") "REML" else "ML"
  count <- if (method == "REML") res$k - res$p else res$k
  ll <- res$fit.stats["ll", kind] + count * log(s)
  parms <- res$p + (method != "CE")
  c(coefficients_of(res, s, unit),
    list(tau2 = res$tau2 / s^2, tau2_se = if (method == "CE") NA else res$se.tau2 / s^2, i2 = res$I2, h2 = res$H2,
         r2 = if (is.null(res$R2)) NA else res$R2, qe = res$QE, qe_p_value = res$QEp,
         log_likelihood = ll, aic = 2 * parms - 2 * ll, bic = log(count) * parms - 2 * ll))
}

limits <- function(res, type, s) {
  if (is.null(res)) return(vec(rep(NA, 6)))
  ci <- tryCatch(suppressWarnings(confint(res, type = type, control = search)$random), error = function(e) NULL)
  if (is.null(ci)) return(vec(rep(NA, 6)))
  vec(c(ci["tau^2", 2:3] / s^2, ci["I^2(%)", 2:3], ci["H^2", 2:3]))
}

predicted <- function(res, rows, s, ...) {
  p <- predict(res, newmods = rows, ...)
  list(estimate = vec(p$pred / s), se = vec(p$se / s), lower = vec(p$ci.lb / s), upper = vec(p$ci.ub / s),
       prediction_lower = vec(p$pi.lb / s), prediction_upper = vec(p$pi.ub / s))
}

block <- function(yi, vi, X) {
  yi <- as.vector(yi); vi <- as.vector(vi); X <- cbind(1, X); colnames(X) <- paste0("x", seq_len(ncol(X)) - 1)
  s <- 2^-round(log2(sd(yi)))
  size <- 2^-round(log2(apply(abs(X), 2, max)))
  y <- yi * s; v <- vi * s^2; Z <- sweep(X, 2, size, "*")
  out <- list(yi = vec(yi), vi = vec(vi), x = list(), fits = list(), tests = list(), intervals = list(), predictions = list())
  for (j in seq_len(ncol(X))) out$x[[colnames(X)[j]]] <- vec(X[, j])
  for (m in estimators) out$fits[[m]] <- summarised(fitted_by(y, v, Z, m), s, 1 / size, m)
  for (m in c("REML", "DL")) {
    for (test in c("t", "knha", "adhoc")) {
      out$tests[[paste(m, test, sep = "_")]] <- coefficients_of(fitted_by(y, v, Z, m, test), s, 1 / size)
    }
    for (adjust in c(TRUE, FALSE)) {
      res <- robust(fitted_by(y, v, Z, m), cluster = seq_along(y), adjust = adjust)
      out$tests[[paste(m, if (adjust) "robust" else "white", sep = "_")]] <- coefficients_of(res, s, 1 / size)
    }
  }
  for (m in c("DL", "ML", "REML")) {
    res <- fitted_by(y, v, Z, m)
    out$intervals[[paste0("QP_", m)]] <- limits(res, "QP", s)
    out$intervals[[paste0("wald_", m)]] <- limits(res, "Wald", s)
    if (m != "DL") out$intervals[[paste0("PL_", m)]] <- limits(res, "PL", s)
  }
  rows <- rbind(colMeans(Z), Z[1, ])[, -1, drop = FALSE]
  z <- fitted_by(y, v, Z, "REML"); hk <- fitted_by(y, v, Z, "REML", "knha"); t <- fitted_by(y, v, Z, "REML", "t")
  out$at <- list()
  at <- sweep(rbind(colMeans(Z), Z[1, ]), 2, size, "/")
  for (j in seq_len(ncol(X))) out$at[[colnames(X)[j]]] <- vec(at[, j])
  out$predictions[["wald_normal"]] <- predicted(z, rows, s)
  out$predictions[["t_t(k-1)"]] <- predicted(t, rows, s)
  out$predictions[["HK_HK"]] <- predicted(hk, rows, s)
  out$predictions[["t_HTS"]] <- predicted(t, rows, s, pi.type = "riley")
  out$predictions[["HK_HK(k-2)"]] <- predicted(hk, rows, s, pi.type = "riley")
  out
}

bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
alloc <- cbind(random = bcg$alloc == "random", systematic = bcg$alloc == "systematic") * 1
teachers <- dat.raudenbush1985
linde <- escalc("RR", ai = ai, ci = ci, n1i = n1i, n2i = n2i, data = dat.linde2005)[c(7:10, 13:25), ]
dose <- linde$dosage * 7 / 1000 * linde$duration - 34
severe <- linde$baseline - 20
jackson1 <- list(y = c(0.0267, 0.8242, 0.3930, 2.4405, 2.1401, 1.2528, 2.4849, 0.3087, 1.4246, 0.1823, 1.1378, 1.2321,
                       2.0695, 4.0237, 1.4383, 1.6021),
                 v = c(0.1285, 0.0315, 0.0931, 2.0967, 1.0539, 0.1602, 1.0235, 0.0218, 0.5277, 0.0556, 0.3304, 0.1721,
                       0.4901, 2.0200, 0.3399, 0.1830))
jackson2 <- list(y = c(0.54, 0.4, 0.64, 0.365, 0.835, 0.02, 0.12, 0.085, 1.18, 0.08, 0.18, 0.325, 0.06, 0.715, 0.065,
                       0.245, 0.24, 0.06, 0.19),
                 v = c(0.0176, 0.019, 0.0906, 0.0861, 0.0063, 0.0126, 0.0126, 0.0041, 0.0759, 0.0126, 0.0104, 0.0242,
                       0.0026, 0.2629, 0.0169, 0.0156, 0.0481, 0.0084, 0.0044),
                 x = c(1986, 1987, 1988, 1988, 1998, 1999, 2000, 2000, 2000, 2001, 2001, 2001, 2002, 2002, 2002, 2002,
                       2003, 2003, 2003))

out <- list(
  meta = c(versions("tests/reference/make_regression.R"), control = "threshold = 1e-13, tol = 1e-13, maxiter = 1e5"),
  bcg_ablat = block(bcg$yi, bcg$vi, bcg$ablat),
  bcg_ablat_year = block(bcg$yi, bcg$vi, cbind(bcg$ablat, bcg$year)),
  bcg_alloc = block(bcg$yi, bcg$vi, alloc),
  bcg_tiny = block(bcg$yi * 1e-9, bcg$vi * 1e-18, bcg$ablat * 1e6),
  bcg_huge = block(bcg$yi * 1e9, bcg$vi * 1e18, bcg$ablat * 1e-6),
  raudenbush1985 = block(teachers$yi, teachers$vi, pmin(teachers$weeks, 3)),
  linde2005 = block(linde$yi, linde$vi, cbind(dose, severe, dose * severe)),
  jackson2014_1 = block(jackson1$y, jackson1$v, rep(0:1, c(10, 6))),
  jackson2014_2 = block(jackson2$y, jackson2$v, jackson2$x),
  two_for_each = block(c(0.1, 0.9, -0.4, 1.3, 0.2, 0.7), c(0.05, 0.1, 0.02, 0.2, 0.04, 0.08),
                       cbind(c(0, 0, 1, 1, 2, 2), c(3, 1, 4, 1, 5, 9))),
  one_of_a_kind = block(c(0.3, -1.2, 2.5, 0.1, 0.8, -0.4), c(1e-3, 4, 0.5, 2e-2, 9, 0.3), c(1, 0, 0, 0, 0, 0))
)
cat(as_json(out), "\n")
