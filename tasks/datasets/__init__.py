"""Labelled texts for classifiers: published collections in their original formats, and tables of one's own."""
