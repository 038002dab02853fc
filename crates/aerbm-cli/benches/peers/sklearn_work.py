"""The workload of scikit-learn: BernoulliRBM, which learns by persistent contrastive divergence with one
Gibbs step per batch. It has as many products as CD-1; its cost is not comparable."""

import numpy as np
import sklearn
from common import images, serve
from sklearn.neural_network import BernoulliRBM


def contrastive_divergence(batch, _):
    x = images()
    rbm = BernoulliRBM(n_components=500, learning_rate=0.1, batch_size=batch, n_iter=1, random_state=1)

    def epoch():
        rbm.fit(x)
        return np.nan

    return epoch


serve(f"scikit-learn {sklearn.__version__}", {"cd1": contrastive_divergence})
