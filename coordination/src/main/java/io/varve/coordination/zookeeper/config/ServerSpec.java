// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A member of the quorum: a {@code server.N} line.
 *
 * <pre>
 *   server.N = host:peerPort:electionPort[:participant|:observer][|host:peerPort:electionPort[...]]...[;[clientHost:]clientPort]
 * </pre>
 *
 * <p>IPv6 addresses stand in brackets.
 *
 * <p>Threading: immutable.
 *
 * @param id the number N
 * @param addresses where the other members reach it, at least one
 * @param isObserver whether it replicates without voting
 * @param client where clients reach it, or null when its own zoo.cfg says so
 */
public record ServerSpec(int id, List<Address> addresses, boolean isObserver, @Nullable HostPort client) {

    /** One address of a member, with ZooKeeper's two ports. */
    public record Address(String host, int peerPort, int electionPort) {

        @Override
        public String toString() {
            return HostPort.bracketed(host) + ":" + peerPort + ":" + electionPort;
        }
    }

    private static final String FORM = "write host:peerPort:electionPort, then :participant or :observer if you like,"
            + " further addresses after |, and ;clientPort or ;clientHost:clientPort";

    private static final String ANY_ADDRESS = "0.0.0.0";
    private static final int MAX_PORT = 65535;

    public ServerSpec {
        addresses = List.copyOf(addresses);
    }

    /** Reads what stands behind the equals sign. */
    static ServerSpec parse(int id, Setting setting) {
        final String[] parts = setting.value().split(";", -1);
        if (parts.length > 2) {
            throw new ZooConfigException(setting, "more than one ';'; " + FORM);
        }
        final List<Address> addresses = new ArrayList<>();
        Boolean isObserver = null;
        for (String text : parts[0].split("\\|", -1)) {
            final List<String> words = split(setting, text.trim());
            if (words.size() < 3 || words.size() > 4) {
                throw new ZooConfigException(setting, FORM);
            }
            addresses.add(address(setting, words));
            if (words.size() == 4) {
                final boolean role = isObserver(setting, words.get(3));
                if (isObserver != null && isObserver != role) {
                    throw new ZooConfigException(setting, "its addresses have different roles; give it one role");
                }
                isObserver = role;
            }
        }
        final HostPort client = parts.length == 2 ? client(setting, parts[1].trim()) : null;
        return new ServerSpec(id, addresses, Boolean.TRUE.equals(isObserver), client);
    }

    private static Address address(Setting setting, List<String> words) {
        final Address address = new Address(words.get(0), port(setting, words.get(1)), port(setting, words.get(2)));
        if (address.host().isEmpty()) {
            throw new ZooConfigException(setting, "the host is missing; " + FORM);
        }
        if (address.peerPort() == address.electionPort()) {
            throw new ZooConfigException(
                    setting, "the peer port and the election port are the same; choose different ones");
        }
        return address;
    }

    private static boolean isObserver(Setting setting, String role) {
        return switch (role.trim().toLowerCase(Locale.ROOT)) {
            case "observer" -> true;
            case "participant" -> false;
            default ->
                throw new ZooConfigException(setting, "no such role: " + role + "; write participant or observer");
        };
    }

    private static HostPort client(Setting setting, String text) {
        final List<String> words = split(setting, text);
        if (words.size() > 2) {
            throw new ZooConfigException(setting, "behind ';' stands clientPort or clientHost:clientPort");
        }
        return words.size() == 1
                ? new HostPort(ANY_ADDRESS, port(setting, words.get(0)))
                : new HostPort(words.get(0), port(setting, words.get(1)));
    }

    private static int port(Setting setting, String text) {
        try {
            final int port = Integer.parseInt(text.trim());
            if (port >= 1 && port <= MAX_PORT) {
                return port;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new ZooConfigException(setting, "not a port: '" + text + "'; write a number from 1 to " + MAX_PORT);
    }

    /** Splits at colons outside of brackets; the brackets go. */
    private static List<String> split(Setting setting, String text) {
        final List<String> words = new ArrayList<>();
        String rest = text;
        if (rest.startsWith("[")) {
            final int end = rest.indexOf(']');
            if (end < 0) {
                throw new ZooConfigException(setting, "a '[' without its ']'");
            }
            words.add(rest.substring(1, end));
            rest = rest.substring(end + 1);
            if (!rest.startsWith(":")) {
                throw new ZooConfigException(setting, "a ':' must follow the ']'; " + FORM);
            }
            rest = rest.substring(1);
        }
        words.addAll(List.of(rest.split(":", -1)));
        return words;
    }

    /** As ZooKeeper writes it: with its role, and with its client address when it has one. */
    @Override
    public String toString() {
        return addresses.stream().map(Address::toString).collect(Collectors.joining("|"))
                + (isObserver ? ":observer" : ":participant")
                + (client == null ? "" : ";" + client);
    }
}
