// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

/** A command cannot do what it was asked; the message is one line for the person who asked. */
final class CommandFailure extends RuntimeException {

    /** The code when no Kafka error fits. */
    static final String FAILED = "FAILED";

    static final String BROKER_NOT_REACHABLE = "BROKER_NOT_REACHABLE";
    static final String TREE_NOT_REACHABLE = "TREE_NOT_REACHABLE";
    static final String USAGE = "USAGE";

    static final int EXIT_FAILED = 1;
    static final int EXIT_USAGE = 2;

    private final String code;

    CommandFailure(String code, String message) {
        super(message);
        this.code = code;
    }

    CommandFailure(String code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    /** A word for programs: Kafka's name of the error, or one of the constants. */
    String code() {
        return code;
    }

    /** The failure that says what an exception means. */
    static CommandFailure of(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null
                && (cause instanceof java.util.concurrent.ExecutionException
                        || cause instanceof java.util.concurrent.CompletionException
                        || cause.getClass() == org.apache.kafka.common.KafkaException.class)) {
            cause = cause.getCause();
        }
        if (cause instanceof CommandFailure failure) {
            return failure;
        }
        final String text = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return new CommandFailure(code(cause), text.lines().findFirst().orElse(text), thrown);
    }

    /**
     * Says what went wrong, in one line on standard error or as one JSON object on standard output.
     *
     * @return the exit code
     */
    static int report(Throwable thrown, Streams streams, boolean json) {
        final CommandFailure failure = of(thrown);
        final boolean wrongCall =
                thrown instanceof io.varve.broker.config.ConfigException || failure.code.equals(USAGE);
        if (json) {
            Printer.json(streams.out(), Printer.failure(failure.code, failure.getMessage()));
        } else {
            streams.err().println("varve: " + failure.getMessage());
        }
        return wrongCall ? EXIT_USAGE : EXIT_FAILED;
    }

    private static String code(Throwable cause) {
        if (cause instanceof io.varve.broker.config.ConfigException config) {
            return config.reason().name();
        }
        if (!(cause instanceof org.apache.kafka.common.errors.ApiException)) {
            return FAILED;
        }
        final String name = cause.getClass().getSimpleName().replaceFirst("Exception$", "");
        return name.replaceAll("([a-z])([A-Z])", "$1_$2").toUpperCase(java.util.Locale.ROOT);
    }
}
