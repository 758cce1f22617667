// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * The members that a zoo.cfg names, in its {@code server.N} lines or those of its dynamic file.
 *
 * <p>A line is {@code server.N=HOST:PORT:PORT[:ROLE][;[CLIENT_HOST:]CLIENT_PORT]}; without a client port in it, the
 * member's is taken to be the {@code clientPort} of the file.
 */
final class QuorumConfigFile {

    private static final String SERVER = "server.";

    private final Path file;
    private final Properties values;

    private QuorumConfigFile(Path file, Properties values) {
        this.file = file;
        this.values = values;
    }

    /** The members in the order of their numbers. */
    static List<QuorumMember> members(Path file) {
        return new QuorumConfigFile(file, load(file)).members();
    }

    private static Properties load(Path file) {
        final Properties values = new Properties();
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            values.load(reader);
        } catch (NoSuchFileException e) {
            throw new CommandFailure(CommandFailure.FAILED, "no such file: " + file, e);
        } catch (IOException | IllegalArgumentException e) {
            throw new CommandFailure(CommandFailure.FAILED, "cannot read " + file + ": " + e.getMessage(), e);
        }
        return values;
    }

    private List<QuorumMember> members() {
        final Map<Integer, String> lines = lines(values);
        final String dynamic = values.getProperty("dynamicConfigFile");
        if (dynamic != null) {
            lines.putAll(lines(load(Path.of(dynamic.strip()))));
        }
        if (lines.isEmpty()) {
            final String host =
                    values.getProperty("clientPortAddress", "127.0.0.1").strip();
            return List.of(new QuorumMember(null, address(host, clientPort(), "clientPort"), false));
        }
        final List<QuorumMember> members = new ArrayList<>();
        lines.forEach((id, line) -> members.add(member(id, line)));
        checkDistinct(members);
        return members;
    }

    private Map<Integer, String> lines(Properties from) {
        final Map<Integer, String> lines = new TreeMap<>();
        for (String key : from.stringPropertyNames()) {
            if (key.startsWith(SERVER)) {
                if (!key.substring(SERVER.length()).matches("\\d{1,9}")) {
                    throw wrong(key, "N of server.N must be the number of a member");
                }
                lines.put(
                        Integer.valueOf(key.substring(SERVER.length())),
                        from.getProperty(key).strip());
            }
        }
        return lines;
    }

    private QuorumMember member(int id, String line) {
        final String key = SERVER + id;
        final int semicolon = line.indexOf(';');
        final String between = semicolon < 0 ? line : line.substring(0, semicolon);
        final String first = between.split("\\|", 2)[0]; // further ones are more ways to the same member
        final int hostEnd = first.startsWith("[") ? first.indexOf(']') + 1 : first.indexOf(':');
        if (hostEnd <= 0) {
            throw wrong(key, "not of the form HOST:PORT:PORT[:ROLE][;CLIENT_PORT]: " + line);
        }
        final String host = first.substring(0, hostEnd);
        final boolean isObserver = between.endsWith(":observer");
        if (semicolon < 0) {
            return new QuorumMember(id, address(host, clientPort(), key), isObserver);
        }
        final String client = line.substring(semicolon + 1).strip();
        final int colon = client.lastIndexOf(':');
        final String clientHost = colon < 0 ? "" : client.substring(0, colon);
        final boolean isAny = clientHost.isEmpty() || clientHost.equals("0.0.0.0") || clientHost.equals("[::]");
        return new QuorumMember(id, address(isAny ? host : clientHost, client.substring(colon + 1), key), isObserver);
    }

    private String clientPort() {
        final String port = values.getProperty("clientPort");
        if (port == null) {
            throw wrong("clientPort", "missing, and a member's line names no ;CLIENT_PORT of its own");
        }
        return port.strip();
    }

    private ServerAddress address(String host, String port, String key) {
        final ServerAddress address = ServerAddress.parse(host + ":" + port);
        if (address == null) {
            throw wrong(key, "not an address of clients: " + host + ":" + port);
        }
        return address;
    }

    /** Members on one machine need client ports of their own; one clientPort cannot stand for all. */
    private void checkDistinct(List<QuorumMember> members) {
        final Map<ServerAddress, QuorumMember> seen = new HashMap<>();
        for (QuorumMember member : members) {
            final QuorumMember other = seen.put(member.address(), member);
            if (other != null) {
                throw wrong(
                        SERVER + member.id(),
                        "has the same client address as server." + other.id() + ", " + member.address()
                                + "; write server.N=HOST:PORT:PORT;CLIENT_PORT, or name the members with -server");
            }
        }
    }

    private CommandFailure wrong(String key, String why) {
        return new CommandFailure(CommandFailure.FAILED, file + ": " + key + ": " + why);
    }
}
