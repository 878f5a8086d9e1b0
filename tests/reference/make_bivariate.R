# Reference values for the bivariate model of two arms: metafor's rma.mv(struct = "UN") with tight control.
#
#   Rscript tests/reference/make_bivariate.R > tests/reference/bivariate.json
#
# Log odds of each arm, 0.5 added to both cells of an arm with a zero cell. of three optimisers with tight
# tolerances the one with the highest likelihood; the covariance of the variance components is by numerical differentiation (numDeriv with r = 10).

suppressMessages({library(metafor); library(metadat)})
source("tests/reference/json_out.R")

one <- function(long, method) {
  controls <- list(
    list(optimizer = "nlminb", rel.tol = 1e-14, iter.max = 1e5, eval.max = 1e5),
    list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-16, maxit = 1e5),
    list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-16, maxit = 1e5))
  fit <- function(...) suppressWarnings(rma.mv(yi, vi, mods = ~ 0 + group, random = ~ group | study, struct = "UN",
    data = long, method = method, ...))
  tried <- lapply(controls, function(control) tryCatch(fit(control = control), error = function(e) NULL))
  reached <- sapply(tried, function(x) if (is.null(x)) -Inf else as.numeric(logLik(x)))
  x <- tried[[which.max(reached)]]; control <- controls[[which.max(reached)]]
  out <- list(estimates = vec(coef(x)), covariance = vec(vcov(x)), tau2 = vec(x$tau2), rho = x$rho,
              log_likelihood = as.numeric(logLik(x)), q = x$QE)
  more <- tryCatch({
    v <- fit(cvvc = "varcov", control = c(control, list(hessianCtrl = list(r = 10))))
    reg <- matreg(y = 2, x = 1, R = v$G, cov = TRUE, means = coef(v), V = v$vvc)$tab
    list(components = vec(v$vvc), line = vec(reg$beta), line_se = vec(reg$se))
  }, error = function(e) list())
  c(out, more)
}
block <- function(ai, n1i, ci, n2i) {
  ai <- as.numeric(ai); n1i <- as.numeric(n1i); ci <- as.numeric(ci); n2i <- as.numeric(n2i)
  long <- data.frame(study = rep(seq_along(ai), 2), group = rep(c("1control", "2treatment"), each = length(ai)),
                     xi = c(ci, ai), ni = c(n2i, n1i))
  long <- escalc("PLO", xi = xi, ni = ni, data = long)
  list(events_treatment = vec(ai), n_treatment = vec(n1i), events_control = vec(ci), n_control = vec(n2i),
       yi = vec(long$yi), vi = vec(long$vi), ML = one(long, "ML"), REML = one(long, "REML"))
}

b <- dat.bcg; h <- dat.hine1989; n <- dat.nielweise2007
l <- subset(dat.linde2005, !is.na(ai) & !is.na(ci)); c1 <- dat.collins1985b; e <- dat.egger2001
li <- dat.li2007
cat(as_json(list(
  meta = versions("make_bivariate.R"),
  bcg = block(b$tpos, b$tpos + b$tneg, b$cpos, b$cpos + b$cneg),
  hine1989 = block(h$ai, h$n1i, h$ci, h$n2i),
  nielweise2007 = block(n$ai, n$n1i, n$ci, n$n2i),
  linde2005 = block(l$ai, l$n1i, l$ci, l$n2i),
  li2007 = block(li$ai, li$n1i, li$ci, li$n2i),
  collins1985b = block(c1$pre.xti, c1$pre.nti, c1$pre.xci, c1$pre.nci),
  egger2001 = block(e$ai, e$n1i, e$ci, e$n2i))), "\n")
