// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper.config;

import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The members of the quorum and the version of that knowledge: what clients read from /zookeeper/config.
 *
 * <p>Threading: immutable.
 *
 * @param servers by their numbers
 * @param version the transaction that set it, 0 for what a file says
 */
public record DynamicConfig(Map<Integer, ServerSpec> servers, long version) {

    private static final String SERVER_PREFIX = "server.";
    private static final String VERSION = "version";

    public DynamicConfig {
        servers = Collections.unmodifiableMap(new TreeMap<>(servers));
    }

    /** Of these members, in any order. */
    public static DynamicConfig of(Collection<ServerSpec> servers, long version) {
        final Map<Integer, ServerSpec> byId = new TreeMap<>();
        servers.forEach(server -> byId.put(server.id(), server));
        return new DynamicConfig(byId, version);
    }

    /**
     * Reads server lines and a version, as {@link #text} writes them.
     *
     * @param name of the text, for errors
     * @throws ZooConfigException when a line is anything else
     */
    public static DynamicConfig parse(String name, String text) {
        return parse(SettingLines.parse(name, text));
    }

    static DynamicConfig parse(List<Setting> settings) {
        final Map<Integer, ServerSpec> servers = new TreeMap<>();
        long version = 0;
        for (Setting setting : settings) {
            if (setting.key().startsWith(SERVER_PREFIX)) {
                final ServerSpec server = ServerSpec.parse(id(setting), setting);
                if (servers.put(server.id(), server) != null) {
                    throw new ZooConfigException(setting, "a second line for server " + server.id() + "; remove one");
                }
            } else if (setting.key().equals(VERSION)) {
                version = version(setting);
            } else {
                throw new ZooConfigException(
                        setting, "does not belong here; only server.N=... and version=... do. Move it to zoo.cfg");
            }
        }
        return new DynamicConfig(servers, version);
    }

    private static int id(Setting setting) {
        final String number = setting.key().substring(SERVER_PREFIX.length());
        try {
            final int id = Integer.parseInt(number);
            if (id >= 0) {
                return id;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new ZooConfigException(
                setting, "'" + number + "' is not the number of a server; write server.1, server.2, ...");
    }

    private static long version(Setting setting) {
        try {
            return Long.parseLong(setting.value(), 16);
        } catch (NumberFormatException e) {
            throw new ZooConfigException(setting, "a version is a hexadecimal number");
        }
    }

    /** How many members vote. */
    public int voterCount() {
        return (int)
                servers.values().stream().filter(server -> !server.isObserver()).count();
    }

    /** One line for each server, in the order of their numbers, then the version in hexadecimal; no line end behind it. */
    public String text() {
        final StringBuilder text = new StringBuilder();
        servers.forEach((id, server) ->
                text.append(SERVER_PREFIX).append(id).append('=').append(server).append('\n'));
        return text.append(VERSION)
                .append('=')
                .append(Long.toHexString(version))
                .toString();
    }
}
