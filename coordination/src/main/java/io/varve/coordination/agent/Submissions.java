// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.tree.Submission;
import io.varve.coordination.tree.TreeTransaction;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The commands of one member that have not been applied yet, in their order.
 *
 * <p>A command is handed to the leader of an epoch, which may get it, get it twice or not at all. It is handed over again until it
 * is applied; {@link ForwardGate} lets each through once. When the leader changes, nothing is known of those that were handed to the
 * former one, until the new one's first entry has been applied: whatever the log holds of them stands before it, and the rest is
 * handed to the new leader. So a client waits through a change of the leader, and no command is lost or carried out twice.
 *
 * <p>Threading: confined to the member's thread.
 */
final class Submissions {

    /** A command that waits for its outcome. */
    record Pending(long sequence, ByteBuffer command, Submission submission) {}

    private final Deque<Pending> handedOver = new ArrayDeque<>();
    private final Deque<Pending> waiting = new ArrayDeque<>();
    private long nextSequence = 1;

    /** Adds a command behind all others. */
    void add(ByteBuffer command, Submission submission) {
        waiting.add(new Pending(nextSequence++, command, submission));
    }

    int count() {
        return handedOver.size() + waiting.size();
    }

    boolean hasWaiting() {
        return !waiting.isEmpty();
    }

    boolean hasHandedOver() {
        return !handedOver.isEmpty();
    }

    /** Sequence of the oldest command that has not been applied, or of the next to come. */
    long oldest() {
        Pending head = head();
        return head == null ? nextSequence : head.sequence();
    }

    private @Nullable Pending head() {
        return handedOver.isEmpty() ? waiting.peek() : handedOver.peek();
    }

    /** Takes the next commands to be handed over: at least one when there is any, and not many more bytes than {@code maxBytes}. */
    List<Pending> handOver(int maxBytes) {
        List<Pending> taken = new ArrayList<>();
        int bytes = 0;
        while (!waiting.isEmpty() && bytes < maxBytes) {
            Pending next = waiting.remove();
            bytes += next.command().remaining();
            handedOver.add(next);
            taken.add(next);
        }
        return taken;
    }

    /** Makes all commands wait to be handed over, again. */
    void handOverAgain() {
        while (!handedOver.isEmpty()) {
            waiting.addFirst(handedOver.removeLast());
        }
    }

    /**
     * A command of this member was applied.
     *
     * @throws IllegalStateException when one before it was not: then the log is not what this member was promised
     */
    void applied(long sequence, TreeTransaction transaction) {
        Pending head = head();
        if (head == null || head.sequence() > sequence) {
            return; // nobody waits for it any more
        }
        if (head.sequence() < sequence) {
            throw new IllegalStateException("a command was applied before an earlier one: sequence=" + sequence
                    + ", earlier=" + head.sequence());
        }
        (handedOver.isEmpty() ? waiting : handedOver).remove();
        head.submission().applied(transaction);
    }

    /** Gives up all commands: nobody here can tell whether they were or will be applied. */
    void lose(String reason) {
        List<Pending> lost = new ArrayList<>(handedOver);
        lost.addAll(waiting);
        handedOver.clear();
        waiting.clear();
        lost.forEach(pending -> pending.submission().lost(reason));
    }
}
