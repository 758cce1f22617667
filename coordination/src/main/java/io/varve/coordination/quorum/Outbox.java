// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Collects the actions of a step. While a vote is being stored no message leaves: what a member says is said in an epoch, and an
 * epoch, or a vote, that could be forgotten must not be told to anybody. Source: Raft, figure 2, "persistent state".
 *
 * <p>Threading: confined to the owner's thread.
 */
final class Outbox {

    /** A member whose disk does not answer goes on talking to itself; that much of it is kept. */
    private static final int MAX_HELD = 1024;

    private List<QuorumAction> actions = new ArrayList<>();
    private final List<QuorumAction> held = new ArrayList<>();
    private @Nullable StoredVote storing;
    private boolean storeAsked;

    void add(QuorumAction action) {
        actions.add(action);
    }

    void send(int to, PeerMessage message) {
        QuorumAction.Send send = new QuorumAction.Send(to, message);
        if (storing == null) {
            actions.add(send);
        } else if (held.size() < MAX_HELD) {
            held.add(send);
        }
    }

    /** Holds back messages until the vote is stored. Those that were held for an earlier one are of an epoch or a vote that is past. */
    void store(StoredVote vote) {
        if (storing != null) {
            held.clear();
        }
        storing = vote;
        storeAsked = true;
    }

    /** Lets go what waited for the vote; whether it was the one that was waited for. */
    boolean stored(StoredVote vote) {
        if (!vote.equals(storing)) {
            return false;
        }
        storing = null;
        actions.addAll(held);
        held.clear();
        return true;
    }

    List<QuorumAction> take() {
        List<QuorumAction> taken = actions;
        StoredVote vote = storing;
        if (storeAsked && vote != null) {
            taken.add(0, new QuorumAction.StoreVote(vote));
        }
        storeAsked = false;
        actions = new ArrayList<>();
        return taken;
    }
}
