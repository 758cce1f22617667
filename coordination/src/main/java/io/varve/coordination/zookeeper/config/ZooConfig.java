// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper.config;

import io.varve.coordination.zookeeper.FrontEndConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a zoo.cfg and its myid say, in ZooKeeper's names and units.
 *
 * <p>Threading: immutable.
 *
 * @param timing ticks and sessions
 * @param storage directories and how much is kept
 * @param clients where and how clients connect
 * @param quorum the members
 * @param admin the HTTP server for operators
 * @param notices lines for the log: keys that have no effect here, and why
 */
public record ZooConfig(
        Timing timing, Storage storage, Clients clients, Quorum quorum, Admin admin, List<String> notices) {

    /**
     * Ticks and sessions.
     *
     * @param tickTimeMs unit of the limits, milliseconds; default 3000
     * @param initLimitTicks ticks a member has to connect and catch up; required for a quorum, otherwise 0
     * @param syncLimitTicks ticks without a sign of life after which a member gives up on its leader; required for a quorum, otherwise 0
     * @param minSessionTimeoutMs shortest timeout of a session, milliseconds; default two ticks
     * @param maxSessionTimeoutMs longest timeout of a session, milliseconds; default twenty ticks
     * @param reapIntervalMs how often the leader looks for empty containers and ended nodes, milliseconds; default a minute;
     *     znode.container.checkIntervalMs
     */
    public record Timing(
            int tickTimeMs,
            int initLimitTicks,
            int syncLimitTicks,
            int minSessionTimeoutMs,
            int maxSessionTimeoutMs,
            int reapIntervalMs) {}

    /**
     * Directories and how much is kept.
     *
     * @param dataDir of snapshots and myid
     * @param dataLogDir of the log; default {@code dataDir}
     * @param snapRetainCount snapshots that are kept, at least 1; default 2, as opposed to ZooKeeper's 3: the newest, and one to fall back to
     * @param purgeIntervalHours hours between purges, 0 for never; default 1, as opposed to ZooKeeper's 0
     * @param snapCount changes between two snapshots; default 100000
     */
    public record Storage(Path dataDir, Path dataLogDir, int snapRetainCount, int purgeIntervalHours, int snapCount) {}

    /**
     * Where and how clients connect.
     *
     * @param plain where to listen, or null when clients must use TLS
     * @param secure where to listen for TLS, or null
     * @param backlog connections the operating system may hold that are not accepted yet, -1 for its default
     * @param tls keys and trust, null when {@code secure} is
     * @param frontEnd bounds and rights
     * @param enforcesQuotas whether hard quotas are kept to
     */
    public record Clients(
            @Nullable HostPort plain,
            @Nullable HostPort secure,
            int backlog,
            @Nullable Tls tls,
            FrontEndConfig frontEnd,
            boolean enforcesQuotas) {}

    /** Keys and trust of the secure client port; the passwords are secrets. */
    public record Tls(
            Path keyStore,
            String keyStorePassword,
            @Nullable Path trustStore,
            @Nullable String trustStorePassword,
            ClientAuth clientAuth) {

        /** Whether clients must show a certificate. */
        public enum ClientAuth {
            /** They are not asked. */
            NONE,
            /** They are asked and need not have one. */
            WANT,
            /** Without one they are refused; the default. */
            NEED
        }

        /** Without the passwords. */
        @Override
        public String toString() {
            return "Tls[keyStore=" + keyStore + ", trustStore=" + trustStore + ", clientAuth=" + clientAuth + "]";
        }
    }

    /**
     * The members.
     *
     * @param myId number of this one: what myid says, 0 for a member alone without the file
     * @param members all of them, none for a member alone
     * @param isAlone whether there is only this one: no lines, or one line and standaloneEnabled
     * @param reconfigEnabled whether clients may change the members; default false
     * @param dynamicConfigFile where the members stand, or null when they stand in zoo.cfg
     * @param listensOnAllIps whether this one listens for the others on all interfaces, and not only at the address of its line, if
     *     that is this machine's; default false
     */
    public record Quorum(
            int myId,
            DynamicConfig members,
            boolean isAlone,
            boolean reconfigEnabled,
            @Nullable Path dynamicConfigFile,
            boolean listensOnAllIps) {}

    /**
     * The HTTP server for operators.
     *
     * @param isEnabled default true
     * @param address where it listens; default 127.0.0.1:8080, as opposed to ZooKeeper's 0.0.0.0
     * @param commandUrl path below which the commands are; default /commands
     * @param idleTimeoutMs milliseconds after which an idle connection is closed; default 30000
     */
    public record Admin(boolean isEnabled, HostPort address, String commandUrl, int idleTimeoutMs) {}

    /** What ZooKeeper calls its white list, when nothing else is configured. */
    static final Set<String> DEFAULT_WORDS = FrontEndConfig.DEFAULT_WORDS;

    public ZooConfig {
        notices = List.copyOf(notices);
    }

    /** The settings as the word conf prints them, in ZooKeeper's order and names. */
    public Map<String, Object> settings() {
        final Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("clientPort", portOf(clients.plain()));
        settings.put("secureClientPort", portOf(clients.secure()));
        settings.put("dataDir", storage.dataDir().toAbsolutePath());
        settings.put("dataLogDir", storage.dataLogDir().toAbsolutePath());
        settings.put("tickTime", timing.tickTimeMs());
        settings.put("maxClientCnxns", clients.frontEnd().maxConnectionsPerAddress());
        settings.put("minSessionTimeout", timing.minSessionTimeoutMs());
        settings.put("maxSessionTimeout", timing.maxSessionTimeoutMs());
        settings.put("clientPortListenBacklog", clients.backlog());
        settings.put("serverId", quorum.myId());
        final ServerSpec own = quorum.members().servers().get(quorum.myId());
        if (!quorum.isAlone() && own != null) {
            settings.put("initLimit", timing.initLimitTicks());
            settings.put("syncLimit", timing.syncLimitTicks());
            settings.put("electionAlg", 3);
            settings.put("electionPort", own.addresses().get(0).electionPort());
            settings.put("quorumPort", own.addresses().get(0).peerPort());
            settings.put("peerType", own.isObserver() ? 1 : 0);
        }
        return settings;
    }

    private static int portOf(@Nullable HostPort listener) {
        return listener == null ? -1 : listener.port();
    }

    /**
     * Reads zoo.cfg, the dynamic configuration that it names, and myid in the data directory.
     *
     * @throws ZooConfigException when something in them is wrong, missing or not to be had here
     */
    public static ZooConfig load(Path zooCfg) {
        return new ZooConfigReader(ZooConfig::textOf).read(zooCfg.toString());
    }

    /**
     * What a zoo.cfg says of the members, for who asks them and is none.
     *
     * @param servers the members, none for one alone
     * @param clients where clients reach those whose line does not say so, or null
     */
    public record Members(DynamicConfig servers, @Nullable HostPort clients) {}

    /**
     * Reads what zoo.cfg, or the dynamic configuration that it names, says of the members; looks at nothing else in it.
     *
     * @throws ZooConfigException when there is no such file, or something in these lines is wrong
     */
    public static Members loadMembers(Path zooCfg) {
        return new ZooConfigReader(ZooConfig::textOf).members(zooCfg.toString());
    }

    /** Null when there is no such file. */
    private static @Nullable String textOf(String name) {
        final Path file = Path.of(name);
        if (!Files.exists(file)) {
            return null;
        }
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new ZooConfigException(
                    name, 0, "cannot be read: " + e + "; check that it is a text file and its rights");
        }
    }
}
