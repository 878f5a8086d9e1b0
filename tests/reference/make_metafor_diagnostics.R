# Reference values for mutau's diagnostics and tests of small-study effects, made with metafor at tight tolerances.
#
#   Rscript tests/reference/make_metafor_diagnostics.R > tests/reference/metafor_diagnostics.json
#
# metafor's absolute convergence criterion of REML is set to 1e-13 times the variance of the effects. Harbord's, Peters' and Deeks'
# tests are lm() on the formulas of their papers (10.1002/sim.2380, 10.1001/jama.295.6.676, 10.1016/j.jclinepi.2005.01.016).

suppressMessages({library(metafor); library(metadat); library(jsonlite)})

fit <- function(yi, vi, method, ni = NULL) {
  control <- if (method == "REML") list(threshold = 1e-13 * var(yi), maxiter = 1e5) else list()
  if (is.null(ni)) rma(yi, vi, method = method, control = control)
  else rma(yi, vi, ni = ni, method = method, control = control)
}
predictors <- function(ni) c("sei", "vi", if (!is.null(ni)) c("ni", "ninv", "sqrtni", "sqrtninv"))

one_fit <- function(yi, vi, method, ni) {
  x <- fit(yi, vi, method, ni)
  l1o <- as.data.frame(leave1out(x))
  inf <- influence(x)
  pdf(NULL); b <- baujat(x); r <- radial(x); q <- qqnorm(x, type = "rstudent", envelope = FALSE); dev.off()
  q <- list(x = sort(q$x), y = sort(q$y))
  trim <- lapply(c(L0 = "L0", R0 = "R0", Q0 = "Q0"), function(e) lapply(c(left = "left", right = "right"), function(s) {
    t <- tryCatch(suppressWarnings(trimfill(x, estimator = e, side = s)), error = function(e) NULL)
    if (is.null(t)) return(NULL)  # Q0 may not exist
    last <- fit(as.vector(t$yi), as.vector(t$vi), method)  # trimfill() itself does not pass control on
    list(k0 = t$k0, se_k0 = t$se.k0, estimate = last$beta[1], se = last$se, tau2 = last$tau2,
         filled = I(as.vector(t$yi)[t$fill]))
  }))
  out <- list(estimate = x$beta[1], tau2 = x$tau2,
    leave1out = as.list(l1o), influence = as.list(as.data.frame(inf$inf)),
    dfbetas = inf$dfbs[[1]], influential = inf$is.infl,
    baujat = list(x = b$x, y = b$y), radial = list(x = r$x, z = r$y), qq = q,
    trimfill = trim, side = trimfill(x)$side,
    regtest = sapply(predictors(ni), function(p) {
      t <- regtest(x, model = "rma", predictor = p)
      list(statistic = t$zval, p_value = t$pval, estimate = t$fit$beta[2], se = t$fit$se[2], limit = t$est,
           lower = t$ci.lb, upper = t$ci.ub, tau2 = t$fit$tau2)
    }, simplify = FALSE))
  out$influence$inf <- NULL
  out
}

dataset <- function(yi, vi, ni = NULL) {
  yi <- as.vector(yi); vi <- as.vector(vi)
  x <- fit(yi, vi, "EE", ni)
  rank <- suppressWarnings(ranktest(yi, vi))
  out <- list(yi = yi, vi = vi, ni = ni,
    EE = one_fit(yi, vi, "EE", ni), DL = one_fit(yi, vi, "DL", ni), REML = one_fit(yi, vi, "REML", ni),
    lm = sapply(predictors(ni), function(p) {
      t <- regtest(x, model = "lm", predictor = p)
      list(statistic = t$zval, df = t$dfs, p_value = t$pval, limit = t$est, lower = t$ci.lb, upper = t$ci.ub)
    }, simplify = FALSE),
    ranktest = list(tau = rank$tau, p_value = rank$pval))
  if (length(yi) <= 7) for (m in c("EE", "DL", "REML")) {
    g <- gosh(fit(yi, vi, m), progbar = FALSE)
    out[[m]]$gosh <- list(incl = apply(g$incl, 1, function(z) sum(2^(which(z) - 1))), estimate = g$res$estimate,
                          q = g$res$QE, i2 = g$res$I2, tau2 = g$res$tau2)
  }
  out
}

row <- function(model, j) {
  s <- summary(model)$coefficients[j, ]
  list(estimate = s[[1]], se = s[[2]], statistic = s[[3]], p_value = s[[4]], df = model$df.residual)
}
counts <- function(ai, n1i, ci, n2i) {
  ai <- as.numeric(ai); n1i <- as.numeric(n1i); ci <- as.numeric(ci); n2i <- as.numeric(n2i)
  n <- n1i + n2i; e <- ai + ci
  z <- ai - e * n1i / n; v <- n1i * n2i * e * (n - e) / (n^2 * (n - 1))
  or <- suppressWarnings(escalc("OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i))
  y <- as.vector(or$yi); ess <- 4 * n1i * n2i / n
  list(events_treatment = ai, n_treatment = n1i, events_control = ci, n_control = n2i,
       harbord = row(lm(I(z / sqrt(v)) ~ sqrt(v)), 1),
       peters = row(lm(y ~ I(1 / n), weights = e * (n - e) / n), 2),
       deeks = row(lm(y ~ I(1 / sqrt(ess)), weights = ess), 2))
}

bcg <- dat.bcg
rr <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = bcg)
hine <- dat.hine1989; hine_or <- escalc("RD", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = hine)
egger <- dat.egger2001; egger_or <- escalc("OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = egger)
nor <- escalc("MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = dat.normand1999)
col <- escalc("OR", ai = pre.xti, n1i = pre.nti, ci = pre.xci, n2i = pre.nci, data = dat.collins1985b)
out <- list(
  meta = list(R = R.version.string, metafor = as.character(packageVersion("metafor"))),
  arrays = list(
    bcg = dataset(rr$yi, rr$vi, bcg$tpos + bcg$tneg + bcg$cpos + bcg$cneg),
    hackshaw1998 = dataset(dat.hackshaw1998$yi, dat.hackshaw1998$vi),
    raudenbush1985 = dataset(dat.raudenbush1985$yi, dat.raudenbush1985$vi, dat.raudenbush1985$n1i + dat.raudenbush1985$n2i),
    hine1989 = dataset(hine_or$yi, hine_or$vi, hine$n1i + hine$n2i),
    egger2001 = dataset(egger_or$yi, egger_or$vi, egger$n1i + egger$n2i),
    normand1999 = dataset(nor$yi, nor$vi, nor$n1i + nor$n2i),
    collins1985b = dataset(col$yi, col$vi, dat.collins1985b$pre.nti + dat.collins1985b$pre.nci)),
  counts = list(
    bcg = counts(bcg$tpos, bcg$tpos + bcg$tneg, bcg$cpos, bcg$cpos + bcg$cneg),
    egger2001 = counts(egger$ai, egger$n1i, egger$ci, egger$n2i),
    hine1989 = counts(hine$ai, hine$n1i, hine$ci, hine$n2i),
    collins1985b = counts(dat.collins1985b$pre.xti, dat.collins1985b$pre.nti, dat.collins1985b$pre.xci, dat.collins1985b$pre.nci)))
cat(toJSON(out, digits = I(17), auto_unbox = TRUE, na = "null", null = "null"), "\n")
