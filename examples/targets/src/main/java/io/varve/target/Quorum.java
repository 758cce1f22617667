// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A quorum of one program on this machine, on free ports of the loopback interface.
 *
 * <p>Threading: confined to the thread of its owner.
 */
public final class Quorum implements AutoCloseable {

    private static final Duration READY_TIMEOUT = Duration.ofSeconds(120);
    private static final int POLL_MS = 20;

    private final Target target;
    private final List<Member> members;

    private Quorum(Target target, List<Member> members) {
        this.target = target;
        this.members = List.copyOf(members);
    }

    /**
     * Writes the configuration of a quorum; starts nothing.
     *
     * @param target the program
     * @param size number of members; with 1 it stands alone
     * @param directory where everything goes; created
     * @param settings more lines of {@code zoo.cfg}; they win over those of this class
     */
    public static Quorum configure(Target target, int size, Path directory, Map<String, String> settings) {
        try {
            List<Integer> ports = Ports.free(3 * size);
            Map<String, String> shared = new LinkedHashMap<>(
                    Map.of("tickTime", "500", "initLimit", "60", "syncLimit", "20", "clientPortAddress", "127.0.0.1"));
            shared.putAll(target.settings());
            for (int i = 0; size > 1 && i < size; i++) {
                shared.put("server." + (i + 1), "127.0.0.1:" + ports.get(size + i) + ":" + ports.get(2 * size + i));
            }
            shared.putAll(settings);
            List<Member> members = new ArrayList<>();
            for (int id = 1; id <= size; id++) {
                members.add(member(target, id, ports.get(id - 1), directory.resolve("member-" + id), shared));
            }
            return new Quorum(target, members);
        } catch (IOException e) {
            throw new UncheckedIOException("the quorum cannot be configured: directory=" + directory, e);
        }
    }

    private static Member member(Target target, int id, int clientPort, Path directory, Map<String, String> shared)
            throws IOException {
        Path data = Files.createDirectories(directory.resolve("data").toAbsolutePath());
        Files.writeString(data.resolve("myid"), id + "\n");
        Map<String, String> all = new LinkedHashMap<>(shared);
        all.put("dataDir", data.toString());
        all.put("clientPort", String.valueOf(clientPort));
        Path configuration = data.resolveSibling("zoo.cfg");
        Files.write(
                configuration,
                all.entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .toList());
        return new Member(id, clientPort, directory.toAbsolutePath(), target.command(configuration));
    }

    /** Configures a quorum, starts all members and waits until each serves. */
    public static Quorum start(Target target, int size, Path directory, Map<String, String> settings) {
        Quorum quorum = configure(target, size, directory, settings);
        try {
            quorum.members.forEach(Member::start);
            quorum.awaitServing();
            return quorum;
        } catch (RuntimeException e) {
            quorum.close();
            throw e;
        }
    }

    /** The program. */
    public Target target() {
        return target;
    }

    /** The members, by their number. */
    public List<Member> members() {
        return members;
    }

    /** All members, for a client. */
    public String connectString() {
        return members.stream().map(Member::connectString).collect(Collectors.joining(","));
    }

    /** The member that leads or stands alone, empty when there is none at the moment. */
    public Optional<Member> leader() {
        return members.stream()
                .filter(Member::isRunning)
                .filter(member ->
                        member.mode().equals("leader") || member.mode().equals("standalone"))
                .findFirst();
    }

    /**
     * Waits until there is a leader.
     *
     * @throws IllegalStateException when there is none within two minutes
     */
    public Member awaitLeader() {
        long deadlineNs = System.nanoTime() + READY_TIMEOUT.toNanos();
        Optional<Member> leader = leader();
        while (leader.isEmpty()) {
            pause(deadlineNs, "no member leads");
            leader = leader();
        }
        return leader.get();
    }

    /**
     * Waits until every member that runs serves.
     *
     * @throws IllegalStateException when one does not within two minutes, or has ended
     */
    public void awaitServing() {
        long deadlineNs = System.nanoTime() + READY_TIMEOUT.toNanos();
        for (Member member : members) {
            while (member.mode().isEmpty()) {
                if (!member.isRunning()) {
                    throw new IllegalStateException(
                            "a member has ended: member=" + member.id() + ", printed=" + member.printed());
                }
                pause(deadlineNs, "a member does not serve: member=" + member.id() + ", printed=" + member.printed());
            }
        }
    }

    private static void pause(long deadlineNs, String complaint) {
        if (System.nanoTime() - deadlineNs > 0) {
            throw new IllegalStateException(complaint + ", timeout=" + READY_TIMEOUT);
        }
        try {
            Thread.sleep(POLL_MS);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while a quorum gets ready", e);
        }
    }

    /** Kills all members. Idempotent. */
    @Override
    public void close() {
        members.forEach(Member::kill);
    }
}
