// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * One change after the other: each is planned on the image that the one before has left.
 *
 * <p>Threading: safe.
 */
final class Turns {

    private CompletionStage<?> last = CompletableFuture.completedFuture(null);

    /** Begins a change when all that were handed in before have ended, one way or the other. */
    synchronized <T> CompletionStage<T> take(Supplier<CompletionStage<T>> change) {
        CompletionStage<T> next = last.handle((result, failure) -> result).thenCompose(previous -> change.get());
        last = next;
        return next;
    }
}
