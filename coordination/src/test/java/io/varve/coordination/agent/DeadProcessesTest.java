// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.coordination.tree.SessionOwner;
import io.varve.coordination.tree.TreeSession;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DeadProcessesTest {

    private static final int MEMBER = 2;
    private static final long SECOND_NS = 1_000_000_000L;

    private final List<TreeSession> sessions = new ArrayList<>();
    private final Set<Integer> linked = new HashSet<>();
    private final Set<Integer> refusing = new HashSet<>();
    private final Deque<Runnable> probes = new ArrayDeque<>();
    private final List<Long> ended = new ArrayList<>();

    private final DeadProcesses dead = new DeadProcesses(
            new DeadProcesses.Surroundings() {
                @Override
                public Collection<TreeSession> sessions() {
                    return sessions;
                }

                @Override
                public boolean isLinked(int member) {
                    return linked.contains(member);
                }

                @Override
                public void onThread(Runnable work) {
                    work.run();
                }

                @Override
                public void end(List<Long> sessionIds) {
                    ended.addAll(sessionIds);
                    sessions.removeIf(session -> sessionIds.contains(session.id()));
                }
            },
            probes::add,
            refusing::contains);

    private void session(long id, long connection) {
        sessions.add(new TreeSession(id, new byte[16], 18_000, new SessionOwner(MEMBER, connection)));
    }

    private void probe() {
        while (!probes.isEmpty()) {
            probes.remove().run();
        }
    }

    @Test
    void shouldEndTheSessionsOfAProcessThatIsGone() {
        session(1, -5);
        session(2, 5); // a client elsewhere, which will find another member
        refusing.add(MEMBER);

        dead.suspect(0);
        dead.doWork(0);
        probe();

        assertThat(ended).containsExactly(1L);
        dead.doWork(SECOND_NS);
        assertThat(probes).isEmpty();
        assertThat(dead.nextDeadlineNs()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void shouldAskAgainWhileAMemberIsNeitherGoneNorLinked() {
        session(1, -5);
        dead.suspect(0);
        dead.doWork(0);
        probe();
        assertThat(ended).isEmpty();

        refusing.add(MEMBER);
        dead.doWork(dead.nextDeadlineNs());
        probe();

        assertThat(ended).containsExactly(1L);
    }

    @Test
    void shouldLeaveAMemberAloneThatHasComeBackMeanwhile() {
        session(1, -5);
        refusing.add(MEMBER);
        dead.suspect(0);
        dead.doWork(0);
        linked.add(MEMBER);
        probe();

        dead.doWork(dead.nextDeadlineNs());

        assertThat(ended).isEmpty();
        assertThat(probes).isEmpty();
    }

    @Test
    void shouldLeaveTheSessionsOfALaterProcessAlone() {
        session(1, -5);
        refusing.add(MEMBER);
        dead.suspect(0);
        dead.doWork(0);
        session(3, -9);
        probe();

        assertThat(ended).containsExactly(1L);
    }

    @Test
    void shouldTellAClosedPortFromAnOpenOne() throws IOException {
        String address;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            address = "127.0.0.1:" + socket.getLocalPort();
            assertThat(HostAndPort.refuses(address)).isFalse();
        }
        assertThat(HostAndPort.refuses(address)).isTrue();
        assertThat(HostAndPort.refuses("no.such.name.invalid:1")).isFalse();
    }
}
