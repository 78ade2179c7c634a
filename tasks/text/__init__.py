"""Text: cleaning steps, stopwords, tokenizers, vocabularies. Functions of strings and arrays."""
