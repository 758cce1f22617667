// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.metadata;

/** Is told of images as they come. */
@FunctionalInterface
public interface ImageListener {

    /** A new image is in force; called on the coordinator's thread, in order. */
    void onImage(ClusterImage before, ClusterImage after);
}
