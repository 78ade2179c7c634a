"""Where documents come from: the bundled corpus, scikit-learn's, local files of many formats, URLs, archives."""
