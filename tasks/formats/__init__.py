"""Files of word vectors: word2vec text and binary, GloVe text, TensorBoard projector, the project's own vectors.npy."""
