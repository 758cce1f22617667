// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.varve.broker.group.GroupCommand.Abilities;
import io.varve.broker.group.GroupCommand.Client;
import io.varve.broker.group.GroupCommand.Identity;
import io.varve.broker.group.GroupCommand.Protocol;
import io.varve.broker.group.GroupCommand.Timeouts;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import io.varve.kafka.MessageWriter;
import io.varve.kafka.message.ConsumerProtocolSubscription;
import io.varve.replication.machine.Decision;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A group machine that is driven by lines of text and tells in lines of text what comes of them. Requests are numbered from 1; the id
 * that request n gives out is m-n, or as the request says. Time stands still but for {@code pass}, which lets every deadline come on its
 * own.
 */
final class Scenario {

    private final Map<String, String> settings = new LinkedHashMap<>();
    private final List<GroupRecords.Stored> log = new ArrayList<>();
    private final List<String> output = new ArrayList<>();
    private GroupMachine machine = new GroupMachine(config());
    private long nowMs = 1_000_000;
    private long requests;

    /** Carries out one line and returns what comes of it. */
    List<String> run(String line) {
        output.clear();
        List<String> words = new ArrayList<>(List.of(line.split(" ")));
        String verb = words.remove(0);
        Map<String, String> options = new TreeMap<>();
        List<String> names = new ArrayList<>();
        for (String word : words) {
            int equals = word.indexOf('=');
            if (equals < 0) {
                names.add(word);
            } else {
                options.put(word.substring(0, equals), word.substring(equals + 1));
            }
        }
        switch (verb) {
            case "config" -> {
                settings.putAll(options);
                machine = new GroupMachine(config());
            }
            case "pass" -> pass(Long.parseLong(names.get(0)));
            case "restart" -> restart();
            case "describe" -> describe(names.get(0));
            case "offsets" -> offsets(names.get(0));
            case "expire" -> carryOut(new GroupCommand.ExpireOffsets());
            case "forget" -> carryOut(new GroupCommand.ForgetTopics(Set.copyOf(names)));
            default -> ask(verb, names, options);
        }
        return List.copyOf(output);
    }

    private GroupConfig config() {
        return new GroupConfig(
                6_000,
                1_800_000,
                setting("initialDelay", 0),
                setting("maxSize", 100),
                setting("maxMetadata", 10),
                setting("retention", 100_000),
                600_000,
                5_000,
                TestConfigs.CONSUMER);
    }

    private int setting(String name, int otherwise) {
        return Integer.parseInt(settings.getOrDefault(name, String.valueOf(otherwise)));
    }

    private void ask(String verb, List<String> names, Map<String, String> options) {
        long request = ++requests;
        String group = names.get(0);
        Identity identity = new Identity(options.getOrDefault("id", ""), options.get("static"));
        int generation = Integer.parseInt(options.getOrDefault("gen", "-1"));
        GroupCommand command =
                switch (verb) {
                    case "join" -> join(request, group, identity, names, options);
                    case "sync" ->
                        new GroupCommand.Sync(
                                request,
                                group,
                                identity,
                                generation,
                                options.get("type"),
                                options.get("protocol"),
                                assignments(options));
                    case "heartbeat" -> new GroupCommand.Heartbeat(request, group, identity, generation);
                    case "leave" -> new GroupCommand.Leave(request, group, identities(options.get("members")));
                    case "commit" -> commit(request, group, identity, generation, options);
                    case "delete" -> new GroupCommand.Delete(request, group);
                    case "delete-offsets" ->
                        new GroupCommand.DeleteOffsets(
                                request,
                                group,
                                Arrays.stream(options.get("of").split(","))
                                        .map(Scenario::partition)
                                        .toList());
                    default -> throw new IllegalArgumentException("unknown command: " + verb);
                };
        carryOut(command);
        if (output.stream().noneMatch(line -> line.startsWith("#" + request + " "))) {
            output.add("#" + request + " waits");
        }
    }

    private static GroupCommand.Join join(
            long request, String group, Identity identity, List<String> names, Map<String, String> options) {
        List<Protocol> protocols = new ArrayList<>();
        for (String protocol : options.getOrDefault("protocols", "range:").split(",")) {
            String[] parts = protocol.split(":", -1);
            protocols.add(new Protocol(parts[0], metadata(parts.length > 1 ? parts[1] : "")));
        }
        return new GroupCommand.Join(
                request,
                group,
                identity,
                new Client("client", "/host"),
                new Timeouts(
                        Integer.parseInt(options.getOrDefault("session", "10000")),
                        Integer.parseInt(options.getOrDefault("rebalance", "30000"))),
                options.getOrDefault("type", "consumer"),
                protocols,
                options.getOrDefault("as", "m-" + request),
                new Abilities(!names.contains("old"), names.contains("skips")));
    }

    /** {@code @a+b!c} is a subscription to the topics a and b with the user data c, anything else is itself. */
    private static byte[] metadata(String text) {
        if (!text.startsWith("@")) {
            return text.getBytes(UTF_8);
        }
        MessageWriter writer = new MessageWriter();
        writer.writeShort((short) 1);
        String[] words = text.substring(1).split("!");
        new ConsumerProtocolSubscription()
                .topics(List.of(words[0].split("\\+")))
                .userData(words.length > 1 ? ByteBuffer.wrap(words[1].getBytes(UTF_8)) : null)
                .write(writer, (short) 1);
        return GroupRecords.bytes(writer.toBuffer());
    }

    private static Map<String, byte[]> assignments(Map<String, String> options) {
        Map<String, byte[]> assignments = new LinkedHashMap<>();
        if (options.containsKey("assign")) {
            for (String entry : options.get("assign").split(",")) {
                String[] parts = entry.split(":");
                assignments.put(parts[0], parts[1].getBytes(UTF_8));
            }
        }
        return assignments;
    }

    private static List<Identity> identities(String text) {
        List<Identity> identities = new ArrayList<>();
        for (String member : text.split(",")) {
            String[] parts = member.split("/", -1);
            identities.add(new Identity(parts[0], parts.length > 1 ? parts[1] : null));
        }
        return identities;
    }

    private GroupCommand.Commit commit(
            long request, String group, Identity identity, int generation, Map<String, String> options) {
        Map<TopicPartition, CommittedOffset> offsets = new LinkedHashMap<>();
        for (String entry : options.get("of").split(",")) {
            String[] parts = entry.split(":");
            long keepMs = Long.parseLong(options.getOrDefault("keep", "-1"));
            offsets.put(
                    partition(parts[0]),
                    new CommittedOffset(
                            Long.parseLong(parts[1]),
                            -1,
                            options.getOrDefault("metadata", ""),
                            nowMs,
                            keepMs < 0 ? CommittedOffset.AS_CONFIGURED : nowMs + keepMs));
        }
        return new GroupCommand.Commit(request, group, identity, generation, offsets);
    }

    private static TopicPartition partition(String text) {
        int dash = text.lastIndexOf('-');
        return new TopicPartition(text.substring(0, dash), Integer.parseInt(text.substring(dash + 1)));
    }

    private void carryOut(GroupCommand command) {
        Decision<GroupEvent, List<GroupAnswer>> decision = machine.decide(command, nowMs);
        for (GroupEvent event : decision.events()) {
            if (event.isDurable()) {
                log.add(GroupRecords.encode(event));
                output.add("stored " + text(event));
            }
            machine.apply(log.size(), event);
        }
        decision.reply().forEach(answer -> output.add("#" + answer.requestId() + " " + text(answer)));
    }

    private void pass(long ms) {
        long untilMs = nowMs + ms;
        int ticks = 0;
        while (machine.nextDeadlineMs() <= untilMs) {
            nowMs = Math.max(nowMs, machine.nextDeadlineMs());
            int before = output.size();
            carryOut(new GroupCommand.Tick());
            if (output.size() > before) {
                output.add(before, "after " + (ms - (untilMs - nowMs)) + " ms");
            }
            if (++ticks > 1000) {
                throw new IllegalStateException("a deadline does not go away: deadlineMs=" + machine.nextDeadlineMs());
            }
        }
        nowMs = untilMs;
    }

    private void restart() {
        machine = new GroupMachine(config());
        for (GroupRecords.Stored stored : log) {
            machine.apply(0, GroupRecords.decode(stored.key(), stored.value(), nowMs));
        }
    }

    private void describe(String id) {
        Group group = machine.group(id);
        if (group == null) {
            output.add(id + (machine.exists(id) ? " has only offsets" : " is not there"));
            return;
        }
        output.add(id + " " + group.state().label() + " gen=" + group.generation() + " type=" + group.protocolType()
                + " protocol=" + group.protocolName() + " leader=" + group.leaderId() + " members="
                + members(group) + " pending=" + new TreeMap<>(group.pending()).keySet());
    }

    private void offsets(String id) {
        Map<String, Long> offsets = new TreeMap<>();
        machine.offsets(id).forEach((partition, offset) -> offsets.put(partition.toString(), offset.offset()));
        output.add(id + " " + offsets);
    }

    private static List<String> members(Group group) {
        return group.members().values().stream().map(Scenario::text).toList();
    }

    private static String text(Member member) {
        return member.memberId() + (member.instanceId() == null ? "" : "/" + member.instanceId());
    }

    private static String text(GroupEvent event) {
        if (event instanceof GroupEvent.GroupChanged changed) {
            Group group = changed.group();
            return group.id() + " " + group.state().label() + " gen=" + group.generation() + " members="
                    + members(group);
        }
        if (event instanceof GroupEvent.GroupDeleted deleted) {
            return deleted.groupId() + " deleted";
        }
        if (event instanceof GroupEvent.OffsetCommitted committed) {
            return committed.groupId() + " " + committed.partition() + "="
                    + committed.offset().offset();
        }
        GroupEvent.OffsetDeleted deleted = (GroupEvent.OffsetDeleted) event;
        return deleted.groupId() + " " + deleted.partition() + " deleted";
    }

    private static String text(GroupAnswer answer) {
        if (answer instanceof GroupAnswer.Done done) {
            return done.error().name();
        }
        if (answer instanceof GroupAnswer.Joined joined) {
            return text(joined);
        }
        if (answer instanceof GroupAnswer.Synced synced) {
            String assignment = new String(synced.assignment(), UTF_8);
            return synced.error() == ErrorCode.NONE
                    ? "synced " + (assignment.isEmpty() ? "nothing" : assignment)
                    : synced.error().name();
        }
        if (answer instanceof GroupAnswer.Left left) {
            return "left " + left.errors();
        }
        GroupAnswer.ByPartition byPartition = (GroupAnswer.ByPartition) answer;
        return byPartition.errors().isEmpty()
                ? byPartition.error().name()
                : byPartition.errors().toString();
    }

    private static String text(GroupAnswer.Joined joined) {
        if (joined.error() == ErrorCode.MEMBER_ID_REQUIRED) {
            return "MEMBER_ID_REQUIRED id=" + joined.memberId();
        }
        if (joined.error() != ErrorCode.NONE) {
            return joined.error().name();
        }
        String members = joined.members().stream()
                .map(member -> text(member) + metadata(member, joined))
                .collect(Collectors.joining(","));
        return "joined as " + joined.memberId() + " gen=" + joined.generation() + " leader=" + joined.leaderId()
                + " protocol=" + joined.protocolName() + (members.isEmpty() ? "" : " members=" + members)
                + (joined.skipAssignment() ? " skips" : "");
    }

    private static String metadata(Member member, GroupAnswer.Joined joined) {
        String metadata = new String(member.metadata(joined.protocolName()), UTF_8);
        return metadata.isEmpty() || metadata.charAt(0) == 0 ? "" : ":" + metadata;
    }
}
