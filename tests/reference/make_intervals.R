# Reference values for intervals of the mean and of tau2 beyond those of make_estimators.R.
#
#   Rscript tests/reference/make_intervals.R > tests/reference/intervals.json
#
# Robust errors by metafor's robust() and by clubSandwich (CR2 with each study its own cluster is Sidik and Jonkman's),
# Henmi and Copas' interval by metafor's hc(); the likelihood of the mean and the gamma approximation of Q by plain R on
# the formulas of their papers. On the effects of estimators.json, as they are there.

suppressMessages({library(metafor); library(clubSandwich)})
options(warn = -1)
source("tests/reference/json_out.R")
blocks <- jsonlite::fromJSON("tests/reference/estimators.json", simplifyVector = TRUE)
names_of <- c("bcg_rr", "bcg_or", "collins1985b", "fleiss1993", "homogeneous", "lee2004", "mcdaniel1994",
              "raudenbush1985", "sbp", "three_studies", "two_studies", "wide_variances")
tight <- list(threshold = 1e-13, maxiter = 1e5)

robust_errors <- function(y, v, method) {
  res <- rma(y, v, method = method, control = if (method %in% c("ML", "REML")) tight else list())
  plain <- robust(res, cluster = seq_along(y), adjust = FALSE)
  scaled <- robust(res, cluster = seq_along(y), adjust = TRUE)
  cr2 <- sqrt(vcovCR(res, cluster = seq_along(y), type = "CR2")[1])
  list(hc0 = vec(c(plain$se, plain$ci.lb, plain$ci.ub, plain$pval)),
       robust = vec(c(scaled$se, scaled$ci.lb, scaled$ci.ub, scaled$pval)), cr2 = cr2)
}

henmi_copas <- function(y, v) {
  found <- hc(rma(y, v, method = "DL"), control = list(tol = 1e-13))
  vec(c(found$beta, found$se, found$ci.lb, found$ci.ub))
}

best_tau2 <- function(f, top) {  # highest of the maxima that a fine grid shows
  grid <- c(0, exp(seq(log(top) - 25, log(top), length.out = 2000)))
  at <- vapply(grid, f, 0)
  i <- which.max(at)
  ends <- grid[c(max(1, i - 1), min(length(grid), i + 1))]
  found <- optimize(f, ends, maximum = TRUE, tol = 1e-13)
  if (found$objective > at[i]) found$maximum else grid[i]
}

likelihood <- function(y, v, corrected) {
  l <- function(mu, t) -0.5 * sum(log(v + t) + (y - mu)^2 / (v + t))
  tau2_at <- function(mu) best_tau2(function(t) l(mu, t), 10 * max((y - mu)^2, v))
  hat <- best_tau2(function(t) l(sum(y / (v + t)) / sum(1 / (v + t)), t), 10 * max((y - mean(y))^2, v))
  mu <- sum(y / (v + hat)) / sum(1 / (v + hat))
  ratio <- function(m) {
    t <- tau2_at(m)
    w <- 1 / (v + t)
    2 * (l(mu, hat) - l(m, t)) / (if (corrected) 1 + 2 * sum(w^3) / (sum(w) * sum(w^2)) else 1)
  }
  excess <- function(m) ratio(m) - qchisq(.95, 1)
  reach <- 1
  while (excess(mu - reach) < 0 || excess(mu + reach) < 0) reach <- 2 * reach
  side <- function(far) uniroot(excess, c(mu, far), tol = 1e-13, maxiter = 1e4)$root
  vec(c(mu, side(mu - reach), side(mu + reach), pchisq(ratio(0), 1, lower.tail = FALSE)))
}

gamma_interval <- function(y, v) {
  w <- 1 / v
  q <- sum(w * (y - sum(w * y) / sum(w))^2)
  s1 <- sum(w) - sum(w^2) / sum(w)
  s2 <- sum(w^2) - 2 * sum(w^3) / sum(w) + (sum(w^2) / sum(w))^2
  above <- function(t) {
    m <- length(y) - 1 + s1 * t
    d <- 2 * (length(y) - 1) + 4 * s1 * t + 2 * s2 * t^2
    pgamma(q, shape = m^2 / d, scale = d / m, lower.tail = FALSE)
  }
  limit <- function(p) if (above(0) >= p) 0 else
    uniroot(function(t) above(t) - p, c(0, 1e6 * max(v)), tol = 1e-13, maxiter = 1e4)$root
  vec(c(limit(.025), limit(.975)))
}

block <- function(name) {
  y <- blocks[[name]]$yi
  v <- blocks[[name]]$vi
  out <- list(robust = list())
  for (m in c("EE", "ML", "REML", "DL", "HE")) out$robust[[m]] <- robust_errors(y, v, m)
  c(out, list(HC = henmi_copas(y, v), PL = likelihood(y, v, FALSE), BC = likelihood(y, v, TRUE),
              BT = gamma_interval(y, v)))
}

out <- lapply(setNames(names_of, names_of), block)
versions_used <- c(versions("tests/reference/make_intervals.R"),
                   clubSandwich = as.character(packageVersion("clubSandwich")))
cat(as_json(c(list(meta = versions_used), out)), "\n")
