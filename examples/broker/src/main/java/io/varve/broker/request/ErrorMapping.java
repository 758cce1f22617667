// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.request;

import io.varve.broker.partition.AppendRefusedException;
import io.varve.coordination.BadVersionException;
import io.varve.coordination.QuorumLostException;
import io.varve.coordination.SessionExpiredException;
import io.varve.log.CorruptLogException;
import io.varve.log.FencedEpochException;
import io.varve.log.OffsetOutOfRangeException;
import io.varve.log.batch.InvalidBatchException;
import io.varve.log.storage.StorageException;
import java.util.concurrent.CompletionException;

/** What a failure is called in Kafka's protocol: the only place where the one becomes the other. */
public final class ErrorMapping {

    private ErrorMapping() {}

    /** The error for a failure; UNKNOWN_SERVER_ERROR for one that nobody foresaw. */
    public static ErrorCode of(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof RequestException refused) {
            return refused.error();
        }
        if (cause instanceof OffsetOutOfRangeException) {
            return ErrorCode.OFFSET_OUT_OF_RANGE;
        }
        if (cause instanceof InvalidBatchException invalid) {
            return of(invalid.reason());
        }
        if (cause instanceof AppendRefusedException refused) {
            return of(refused.reason());
        }
        if (cause instanceof FencedEpochException) {
            return ErrorCode.NOT_LEADER_OR_FOLLOWER;
        }
        if (cause instanceof CorruptLogException || cause instanceof StorageException) {
            return ErrorCode.KAFKA_STORAGE_ERROR;
        }
        if (passes(cause)) {
            return ErrorCode.NOT_CONTROLLER; // clients ask for the controller anew, and then again
        }
        return cause instanceof IllegalArgumentException ? ErrorCode.INVALID_REQUEST : ErrorCode.UNKNOWN_SERVER_ERROR;
    }

    /** Another controller was elected meanwhile, or there is no session for the time being. */
    private static boolean passes(Throwable cause) {
        return cause instanceof BadVersionException
                || cause instanceof QuorumLostException
                || cause instanceof SessionExpiredException;
    }

    /** What a client is told in words. */
    public static String message(Throwable failure) {
        return String.valueOf(cause(failure).getMessage());
    }

    private static Throwable cause(Throwable failure) {
        Throwable cause = failure.getCause();
        return failure instanceof CompletionException && cause != null ? cause : failure;
    }

    private static ErrorCode of(InvalidBatchException.Reason reason) {
        return switch (reason) {
            case TOO_LARGE -> ErrorCode.MESSAGE_TOO_LARGE;
            case MAGIC -> ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT;
            case LENGTH, CRC -> ErrorCode.CORRUPT_MESSAGE;
            case TIMESTAMP -> ErrorCode.INVALID_TIMESTAMP;
            case COUNT, OFFSETS, COMPRESSION, RECORDS -> ErrorCode.INVALID_RECORD;
        };
    }

    private static ErrorCode of(AppendRefusedException.Reason reason) {
        return switch (reason) {
            case OUT_OF_ORDER_SEQUENCE -> ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER;
            case UNKNOWN_PRODUCER -> ErrorCode.UNKNOWN_PRODUCER_ID;
            case PRODUCER_FENCED -> ErrorCode.INVALID_PRODUCER_EPOCH;
            case TRANSACTIONAL -> ErrorCode.INVALID_TXN_STATE;
            case TIMESTAMP -> ErrorCode.INVALID_TIMESTAMP;
            case NOT_ENOUGH_REPLICAS -> ErrorCode.NOT_ENOUGH_REPLICAS;
            case NOT_COMMITTED_IN_TIME -> ErrorCode.REQUEST_TIMED_OUT;
            case NOT_LEADER -> ErrorCode.NOT_LEADER_OR_FOLLOWER;
            case RECORD -> ErrorCode.INVALID_RECORD;
            case STALE_LEADER_EPOCH -> ErrorCode.FENCED_LEADER_EPOCH;
            case UNKNOWN_LEADER_EPOCH -> ErrorCode.UNKNOWN_LEADER_EPOCH;
        };
    }
}
