# How the reference scripts print: 17 significant digits, so that a file is the same whenever it is made again.

number <- function(x) ifelse(is.na(x) | is.infinite(x), "null", sprintf("%.17g", x))
text <- function(x) paste0("\"", gsub("\"", "\\\\\"", x), "\"")
as_json <- function(x) {
  if (is.list(x)) {
    return(paste0("{", paste0(text(names(x)), ": ", vapply(x, as_json, ""), collapse = ",\n"), "}"))
  }
  cells <- if (is.character(x)) text(x) else number(as.numeric(x))
  if (length(x) == 1 && is.null(attr(x, "vector"))) cells else paste0("[", paste(cells, collapse = ", "), "]")
}
vec <- function(x) structure(as.vector(x), vector = TRUE)
versions <- function(script) {
  list(R = R.version.string, metafor = as.character(packageVersion("metafor")),
       metadat = as.character(packageVersion("metadat")), script = script)
}
