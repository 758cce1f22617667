// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import io.varve.coordination.zookeeper.config.HostPort;
import io.varve.coordination.zookeeper.config.ServerSpec;
import io.varve.coordination.zookeeper.config.ZooConfig;
import io.varve.coordination.zookeeper.config.ZooConfigException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The members that a zoo.cfg names, in its {@code server.N} lines or those of its dynamic file, and where to ask them: where a line says
 * that clients connect, else at the {@code clientPort} of the file.
 */
final class QuorumConfigFile {

    private static final Set<String> ANY = Set.of("0.0.0.0", "::");
    private static final String THIS_MACHINE = "127.0.0.1";

    private final Path file;
    private final @Nullable HostPort clients;

    private QuorumConfigFile(Path file, @Nullable HostPort clients) {
        this.file = file;
        this.clients = clients;
    }

    /** The members in the order of their numbers. */
    static List<QuorumMember> members(Path file) {
        if (!Files.exists(file)) {
            throw new CommandFailure(CommandFailure.FAILED, "no such file: " + file);
        }
        try {
            final ZooConfig.Members named = ZooConfig.loadMembers(file);
            return new QuorumConfigFile(file, named.clients()).members(named);
        } catch (ZooConfigException e) {
            throw new CommandFailure(CommandFailure.FAILED, String.valueOf(e.getMessage()), e);
        }
    }

    private List<QuorumMember> members(ZooConfig.Members named) {
        if (named.servers().servers().isEmpty()) {
            return List.of(new QuorumMember(null, address(THIS_MACHINE, clientPort()), false));
        }
        final List<QuorumMember> members = new ArrayList<>();
        named.servers().servers().values().forEach(server -> members.add(member(server)));
        checkDistinct(members);
        return members;
    }

    private QuorumMember member(ServerSpec server) {
        final String host = server.addresses().get(0).host(); // further ones are more ways to the same member
        final HostPort own = server.client();
        final ServerAddress address =
                own == null ? new ServerAddress(host, clientPort().port()) : address(host, own);
        return new QuorumMember(server.id(), address, server.isObserver());
    }

    private static ServerAddress address(String host, HostPort clients) {
        return new ServerAddress(ANY.contains(clients.host()) ? host : clients.host(), clients.port());
    }

    private HostPort clientPort() {
        if (clients == null) {
            throw wrong("clientPort", "missing, and a member's line names no ;CLIENT_PORT of its own");
        }
        return clients;
    }

    /** Members on one machine need client ports of their own; one clientPort cannot stand for all. */
    private void checkDistinct(List<QuorumMember> members) {
        final Map<ServerAddress, QuorumMember> seen = new HashMap<>();
        for (QuorumMember member : members) {
            final QuorumMember other = seen.put(member.address(), member);
            if (other != null) {
                throw wrong(
                        "server." + member.id(),
                        "has the same client address as server." + other.id() + ", " + member.address()
                                + "; write server.N=HOST:PORT:PORT;CLIENT_PORT, or name the members with -server");
            }
        }
    }

    private CommandFailure wrong(String key, String why) {
        return new CommandFailure(CommandFailure.FAILED, file + ": " + key + ": " + why);
    }
}
