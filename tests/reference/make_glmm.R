# Reference values for generalised linear mixed models of counts: metafor's rma.glmm() as it comes (lme4 with nAGQ = 7; Laplace's
# approximation for UM.RS; its own integration for the exact conditional likelihood), the same models by lme4's glmer() with 50
# nodes, and for UM.RS, which glmer() cannot integrate, the product of two Gauss-Hermite rules around each study's mode, here.
#
#   Rscript tests/reference/make_glmm.R > tests/reference/glmm.json

suppressMessages({library(metafor); library(metadat); library(lme4); library(numDeriv)})

source("tests/reference/json_out.R")

NODES <- 50
TIGHT <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-11, maxfun = 1e5))
quietly <- function(x) suppressMessages(suppressWarnings(x))
or_na <- function(x) if (is.null(x) || length(x) == 0) NA else as.numeric(x)[1]

of_metafor <- function(fit) {
  list(estimate = as.numeric(fit$beta), se = fit$se, tau2 = fit$tau2, tau2_se = or_na(fit$se.tau2), q = fit$QE.LRT,
       i2 = fit$I2, h2 = fit$H2, k = fit$k, lower = fit$ci.lb, upper = fit$ci.ub)
}
of_lme4 <- function(fit, at, saturated) {
  list(estimate = as.numeric(fixef(fit)[at]), se = sqrt(as.matrix(vcov(fit))[at, at]), tau2 = VarCorr(fit)[[1]][1],
       log_likelihood = as.numeric(logLik(fit)) + saturated)
}
exactly <- list(dnchgcalc = "dnoncenhypergeom", intCtrl = list(lower = -Inf, upper = Inf, rel.tol = 1e-11, subdivisions = 1000L))
both <- function(..., control = list()) {
  fit <- function(method) {
    found <- tryCatch(quietly(rma.glmm(..., method = method, control = control)), error = function(e) NULL)
    if (is.null(found)) NA else of_metafor(found)
  }
  list(ML = fit("ML"), CE = fit("EE"))
}

# UM.RS: sum over both arms' binomial log likelihoods, the two random effects by product Gauss-Hermite at the mode.
gauss_hermite <- function(n) {
  i <- seq_len(n - 1); b <- sqrt(i)
  jacobi <- matrix(0, n, n); jacobi[cbind(i, i + 1)] <- b; jacobi[cbind(i + 1, i)] <- b
  e <- eigen(jacobi, symmetric = TRUE)
  list(z = e$values, log_w = log(e$vectors[1, ]^2))
}
random_intercepts <- function(x, n, start) {
  rule <- gauss_hermite(NODES)
  grid <- as.matrix(expand.grid(rule$z, rule$z))
  log_w <- as.vector(outer(rule$log_w, rule$log_w, "+"))
  study <- function(p, i) {
    tau <- exp(p[3]); sigma <- exp(p[4])
    half <- cbind(c(0.5, -0.5) * tau, c(1, 1) * sigma)
    centre <- p[2] + c(0.5, -0.5) * p[1]
    z <- c(0, 0)
    for (step in 1:100) {
      eta <- centre + half %*% z; pr <- plogis(eta)
      gradient <- t(half) %*% (x[i, ] - n[i, ] * pr) - z
      information <- t(half) %*% (as.vector(n[i, ] * pr * (1 - pr)) * half) + diag(2)
      move <- as.vector(solve(information, gradient)); move <- move * min(1, 2 / max(abs(move)))
      z <- z + move
      if (max(abs(move)) < 1e-10) break
    }
    root <- t(chol(solve(information)))
    at <- sweep(grid %*% t(root), 2, z, "+")
    eta <- sweep(at %*% t(half), 2, centre, "+")
    value <- dbinom(x[i, 1], n[i, 1], plogis(eta[, 1]), log = TRUE) + dbinom(x[i, 2], n[i, 2], plogis(eta[, 2]), log = TRUE)
    terms <- value - rowSums(at^2) / 2 + rowSums(grid^2) / 2 + log_w + log(det(root))
    max(terms) + log(sum(exp(terms - max(terms))))
  }
  minus <- function(p) -sum(vapply(seq_len(nrow(x)), function(i) study(p, i), 0))
  found <- nlminb(start, minus, control = list(rel.tol = 1e-14, x.tol = 1e-11, eval.max = 1000, iter.max = 500))
  found <- nlminb(found$par, minus, control = list(rel.tol = 1e-15, x.tol = 1e-12, eval.max = 1000, iter.max = 500))
  p <- found$par
  variance <- solve(numDeriv::hessian(minus, p))
  list(estimate = p[1], se = sqrt(variance[1, 1]), tau2 = exp(2 * p[3]), sigma2 = exp(2 * p[4]), log_likelihood = -found$objective)
}

two_arms <- function(ai, n1i, ci, n2i, by_product = FALSE) {
  out <- list(events_treatment = vec(ai), n_treatment = vec(n1i), events_control = vec(ci), n_control = vec(n2i))
  for (model in c("CM.EL", "CM.AL", "UM.FS", "UM.RS")) {
    out[[model]] <- both(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, model = model,
                         control = if (model == "CM.EL") exactly else list())
  }
  kept <- (ai + ci > 0) & (ai + ci < n1i + n2i)
  x <- cbind(ai, ci)[kept, ]; n <- cbind(n1i, n2i)[kept, ]; k <- nrow(x); study <- factor(seq_len(k))
  own <- function(x, n) sum(dbinom(x, n, x / n, log = TRUE))
  m <- quietly(glmer(cbind(x[, 1], x[, 2]) ~ 1 + (1 | study), offset = log(n[, 1] / n[, 2]), family = binomial, nAGQ = NODES, control = TIGHT))
  out[["CM.AL"]][["exact"]] <- of_lme4(m, 1, own(x[, 1], rowSums(x)))
  long <- data.frame(x = c(t(x)), n = c(t(n)), study = rep(study, each = 2), arm = rep(c(0.5, -0.5), k))
  m <- quietly(glmer(cbind(x, n - x) ~ 0 + arm + study + (0 + arm | study), data = long, family = binomial, nAGQ = NODES, control = TIGHT))
  out[["UM.FS"]][["exact"]] <- of_lme4(m, 1, own(c(x), c(n)))
  if (by_product) {
    first <- out[["UM.RS"]][["ML"]]
    mean_logit <- mean(log((x[, 2] + 0.5) / (n[, 2] - x[, 2] + 0.5)))
    out[["UM.RS"]][["exact"]] <- random_intercepts(x, n, c(first$estimate, mean_logit, log(max(first$tau2, 0.05)) / 2, 0))
  }
  out
}
two_rates <- function(x1i, t1i, x2i, t2i) {
  out <- list(events_treatment = vec(x1i), time_treatment = vec(t1i), events_control = vec(x2i), time_control = vec(t2i))
  for (model in c("CM.EL", "UM.FS", "UM.RS")) {
    out[[model]] <- both(measure = "IRR", x1i = x1i, t1i = t1i, x2i = x2i, t2i = t2i, model = model)
  }
  kept <- x1i + x2i > 0
  x <- cbind(x1i, x2i)[kept, ]; time <- cbind(t1i, t2i)[kept, ]; k <- nrow(x); study <- factor(seq_len(k))
  m <- quietly(glmer(x ~ 1 + (1 | study), offset = log(time[, 1] / time[, 2]), family = binomial, nAGQ = NODES, control = TIGHT))
  out[["CM.EL"]][["exact"]] <- of_lme4(m, 1, sum(dbinom(x[, 1], rowSums(x), x[, 1] / rowSums(x), log = TRUE)))
  long <- data.frame(x = c(t(x)), log_t = log(c(t(time))), study = rep(study, each = 2), arm = rep(c(0.5, -0.5), k))
  m <- quietly(glmer(x ~ 0 + arm + study + (0 + arm | study), offset = log_t, data = long, family = poisson, nAGQ = NODES, control = TIGHT))
  out[["UM.FS"]][["exact"]] <- of_lme4(m, 1, sum(dpois(long$x, long$x, log = TRUE)))
  out
}
one_group <- function(xi, ni = NULL, ti = NULL) {
  study <- factor(seq_along(xi))
  if (!is.null(ni)) {
    out <- list(events = vec(xi), n = vec(ni), GLMM = both(measure = "PLO", xi = xi, ni = ni))
    m <- quietly(glmer(cbind(xi, ni - xi) ~ 1 + (1 | study), family = binomial, nAGQ = NODES, control = TIGHT))
    out[["GLMM"]][["exact"]] <- of_lme4(m, 1, sum(dbinom(xi, ni, xi / ni, log = TRUE)))
  } else {
    out <- list(events = vec(xi), time = vec(ti), GLMM = both(measure = "IRLN", xi = xi, ti = ti))
    m <- quietly(glmer(xi ~ 1 + (1 | study), offset = log(ti), family = poisson, nAGQ = NODES, control = TIGHT))
    out[["GLMM"]][["exact"]] <- of_lme4(m, 1, sum(dpois(xi, xi, log = TRUE)))
  }
  out
}

b <- dat.bcg; w <- dat.nielweise2007; z <- dat.nielweise2008; h <- dat.hart1999
k <- dat.collins1985a; k <- k[complete.cases(k[, c("b.xti", "nti", "b.xci", "nci")]), ]
p <- dat.collins1985b
cat(as_json(list(
  made_with = c(versions("make_glmm.R"), lme4 = as.character(packageVersion("lme4"))),
  OR = list(
    bcg = two_arms(b$tpos, b$tpos + b$tneg, b$cpos, b$cpos + b$cneg, TRUE),
    nielweise2007 = two_arms(w$ai, w$n1i, w$ci, w$n2i, TRUE),
    collins1985a = two_arms(k$b.xti, k$nti, k$b.xci, k$nci),
    collins1985b = two_arms(p$pre.xti, p$pre.nti, p$pre.xci, p$pre.nci),
    sparse = two_arms(c(0, 1, 0, 2, 0, 6), c(20, 35, 40, 28, 12, 30), c(0, 3, 4, 1, 2, 1), c(22, 33, 41, 30, 11, 31))
  ),
  IRR = list(
    nielweise2008 = two_rates(z$x1i, z$t1i / 1000, z$x2i, z$t2i / 1000),
    hart1999 = two_rates(h$x1i, h$t1i / 1000, h$x2i, h$t2i / 1000)
  ),
  PLO = list(nielweise2007_control = one_group(w$ci, ni = w$n2i), nielweise2007_treated = one_group(w$ai, ni = w$n1i)),
  IRLN = list(nielweise2008_control = one_group(z$x2i, ti = z$t2i / 1000), nielweise2008_treated = one_group(z$x1i, ti = z$t1i / 1000))
)), "\n")
