// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import java.util.concurrent.CompletionException;

/** Looks into failures of stages, which may stand within others. */
final class Failures {

    private Failures() {}

    static Throwable cause(Throwable failure) {
        Throwable cause = failure.getCause();
        return failure instanceof CompletionException && cause != null ? cause : failure;
    }

    static boolean is(Throwable failure, Class<? extends Throwable> type) {
        return type.isInstance(cause(failure));
    }

    /** What a continuation that does not know the failure throws on. */
    static RuntimeException rethrown(Throwable failure) {
        return failure instanceof RuntimeException runtime ? runtime : new IllegalStateException(failure);
    }
}
