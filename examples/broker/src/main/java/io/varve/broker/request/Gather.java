// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.request;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** Waits for the parts of an answer. */
public final class Gather {

    private Gather() {}

    /** Calls {@code then} with all results, in order, when the last is there. The parts must not fail: see {@link #part}. */
    public static <T> void all(List<CompletableFuture<T>> parts, Consumer<List<T>> then) {
        CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new))
                .thenRun(() ->
                        then.accept(parts.stream().map(CompletableFuture::join).toList()));
    }

    /** One part: what a stage gives, or what a failure is turned into, also one that is thrown at once. */
    public static <S, T> CompletableFuture<T> part(
            Supplier<CompletionStage<S>> start, Function<S, T> onResult, BiFunction<ErrorCode, String, T> onError) {
        CompletionStage<S> stage;
        try {
            stage = start.get();
        } catch (RuntimeException e) {
            stage = CompletableFuture.failedFuture(e);
        }
        return stage.handle((result, failure) -> failure == null
                        ? onResult.apply(result)
                        : onError.apply(ErrorMapping.of(failure), ErrorMapping.message(failure)))
                .toCompletableFuture();
    }
}
