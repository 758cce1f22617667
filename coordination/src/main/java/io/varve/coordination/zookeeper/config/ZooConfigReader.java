// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper.config;

import io.varve.coordination.zookeeper.FrontEndConfig;
import io.varve.coordination.zookeeper.config.ZooConfig.Admin;
import io.varve.coordination.zookeeper.config.ZooConfig.Clients;
import io.varve.coordination.zookeeper.config.ZooConfig.Quorum;
import io.varve.coordination.zookeeper.config.ZooConfig.Storage;
import io.varve.coordination.zookeeper.config.ZooConfig.Timing;
import io.varve.coordination.zookeeper.config.ZooConfig.Tls;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Makes a configuration of texts: every key is known, every value is in range, and what belongs together is there together.
 *
 * <p>Threading: confined to the caller's thread; for one use.
 */
final class ZooConfigReader {

    private static final int MAX_PORT = 65535;
    private static final int DEFAULT_SNAP_RETAIN_COUNT = 2;
    private static final int DEFAULT_REAP_INTERVAL_MS = 60_000;
    private static final String ANY_ADDRESS = "0.0.0.0";
    private static final String LOOPBACK = "127.0.0.1";

    private final Function<String, @Nullable String> texts;
    private final List<String> notices = new ArrayList<>();

    /** Gives the text of a file, null when there is none. */
    ZooConfigReader(Function<String, @Nullable String> texts) {
        this.texts = texts;
    }

    ZooConfig read(String zooCfg) {
        final String text = texts.apply(zooCfg);
        if (text == null) {
            throw new ZooConfigException(zooCfg, 0, "no such file; name the zoo.cfg to start with");
        }
        final List<Setting> settings = SettingLines.parse(zooCfg, text);
        checkKeys(settings);
        final ZooValues values = new ZooValues(zooCfg, settings, notices);
        final Storage storage = storage(values);
        final Quorum quorum = quorum(values, storage.dataDir());
        final Timing timing = timing(values, quorum);
        return new ZooConfig(timing, storage, clients(values, quorum, timing), quorum, admin(values), notices);
    }

    /** What a file says of the members, and nothing else of it. */
    ZooConfig.Members members(String zooCfg) {
        final String text = texts.apply(zooCfg);
        if (text == null) {
            throw new ZooConfigException(zooCfg, 0, "no such file");
        }
        final ZooValues values = new ZooValues(zooCfg, SettingLines.parse(zooCfg, text), notices);
        return new ZooConfig.Members(servers(values), listener(values, "clientPort", "clientPortAddress"));
    }

    private void checkKeys(List<Setting> settings) {
        final KnownKeys known = KnownKeys.load();
        for (Setting setting : settings) {
            final KnownKeys.Fate fate = known.fate(setting.key());
            if (fate == null) {
                final String nearest = known.nearest(setting.key());
                throw new ZooConfigException(
                        setting.file(),
                        setting.line(),
                        "unknown key: " + setting.key()
                                + (nearest == null ? "; remove the line" : ", nearest known key: " + nearest));
            }
            switch (fate.kind()) {
                case READ -> {}
                case IGNORED ->
                    notices.add(setting.file() + ":" + setting.line() + ": " + setting.key() + " has no effect: "
                            + fate.reason());
                case REFUSED -> {
                    if (!setting.value().equalsIgnoreCase("false")) {
                        throw new ZooConfigException(setting, "not supported: " + fate.reason());
                    }
                }
            }
        }
    }

    private Storage storage(ZooValues values) {
        final String dataDir = values.text("dataDir");
        if (dataDir == null || dataDir.isEmpty()) {
            throw values.missing("dataDir", "dataDir=/var/lib/varve");
        }
        final String dataLogDir = values.text("dataLogDir");
        return new Storage(
                Path.of(dataDir),
                Path.of(dataLogDir == null || dataLogDir.isEmpty() ? dataDir : dataLogDir),
                values.number("autopurge.snapRetainCount", DEFAULT_SNAP_RETAIN_COUNT, 1, Integer.MAX_VALUE),
                values.number("autopurge.purgeInterval", 1, 0, Integer.MAX_VALUE),
                values.number("snapCount", 100_000, 2, Integer.MAX_VALUE));
    }

    private Quorum quorum(ZooValues values, Path dataDir) {
        final Setting dynamicFile = values.setting("dynamicConfigFile");
        final DynamicConfig members = servers(values);
        final int voters = members.voterCount();
        final boolean isAlone = members.servers().isEmpty()
                || (members.servers().size() == 1 && voters == 1 && values.bool("standaloneEnabled", true));
        if (!isAlone && voters == 0) {
            throw values.missing("a server that votes", "server.1=host:2888:3888 beside the observers");
        }
        if (!isAlone && voters == 2) {
            notices.add("two members vote: when one of them is gone, nothing can be changed; use three");
        }
        final int myId = myId(dataDir, isAlone);
        if (!isAlone && !members.servers().containsKey(myId)) {
            throw new ZooConfigException(
                    dataDir.resolve("myid").toString(),
                    1,
                    "myid is " + myId + ", but there is no line server." + myId + "; there are "
                            + members.servers().keySet());
        }
        return new Quorum(
                myId,
                members,
                isAlone,
                values.bool("reconfigEnabled", false),
                dynamicFile == null ? null : Path.of(dynamicFile.value()),
                values.bool("quorumListenOnAllIPs", false));
    }

    /** The server lines, where they stand. */
    private DynamicConfig servers(ZooValues values) {
        final Setting dynamicFile = values.setting("dynamicConfigFile");
        final List<Setting> lines = values.startingWith("server.");
        if (dynamicFile != null && !lines.isEmpty()) {
            throw new ZooConfigException(
                    lines.get(0), "there is a dynamicConfigFile, so server lines belong there; move this one");
        }
        return dynamicFile == null ? DynamicConfig.parse(lines) : dynamicConfig(dynamicFile);
    }

    /** The file's name may end with the version, in hexadecimal behind a point. */
    private DynamicConfig dynamicConfig(Setting setting) {
        final String text = texts.apply(setting.value());
        if (text == null) {
            throw new ZooConfigException(setting, "no such file; create it with one server.N=... line for each member");
        }
        final DynamicConfig config = DynamicConfig.parse(setting.value(), text);
        final String suffix = setting.value().substring(setting.value().lastIndexOf('.') + 1);
        try {
            return new DynamicConfig(config.servers(), Long.parseLong(suffix, 16));
        } catch (NumberFormatException e) {
            return config; // a name without a version
        }
    }

    private int myId(Path dataDir, boolean isAlone) {
        final String name = dataDir.resolve("myid").toString();
        final String text = texts.apply(name);
        if (text == null) {
            if (isAlone) {
                return 0;
            }
            throw new ZooConfigException(
                    name, 0, "no such file; write this member's number into it: the N of its server.N line");
        }
        final String number = text.lines().findFirst().orElse("").trim();
        try {
            final int id = Integer.parseInt(number);
            if (id >= 0) {
                return id;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new ZooConfigException(
                name, 1, "'" + number + "' is not a number; write the N of this member's server.N line");
    }

    private static Timing timing(ZooValues values, Quorum quorum) {
        final int tickTimeMs = values.number("tickTime", 3000, 1, Integer.MAX_VALUE / 20);
        final int least = quorum.isAlone() ? 0 : 1;
        if (!quorum.isAlone()) {
            values.require("initLimit", "initLimit=10: a quorum needs the ticks a member has to catch up");
            values.require(
                    "syncLimit", "syncLimit=5: a quorum needs the ticks after which a silent leader is given up");
        }
        final int minMs = values.number("minSessionTimeout", -1, -1, Integer.MAX_VALUE);
        final int maxMs = values.number("maxSessionTimeout", -1, -1, Integer.MAX_VALUE);
        final Timing timing = new Timing(
                tickTimeMs,
                values.number("initLimit", 0, least, Integer.MAX_VALUE / tickTimeMs),
                values.number("syncLimit", 0, least, Integer.MAX_VALUE / tickTimeMs),
                minMs <= 0 ? 2 * tickTimeMs : minMs,
                maxMs <= 0 ? 20 * tickTimeMs : maxMs,
                values.number("znode.container.checkIntervalMs", DEFAULT_REAP_INTERVAL_MS, 1, Integer.MAX_VALUE));
        if (timing.minSessionTimeoutMs() > timing.maxSessionTimeoutMs()) {
            final Setting setting = values.setting(minMs > 0 ? "minSessionTimeout" : "maxSessionTimeout");
            final String problem = "the shortest timeout of a session, " + timing.minSessionTimeoutMs()
                    + " ms, is longer than the longest, " + timing.maxSessionTimeoutMs() + " ms; change one of them";
            throw setting == null
                    ? values.missing("maxSessionTimeout", problem)
                    : new ZooConfigException(setting, problem);
        }
        return timing;
    }

    private Clients clients(ZooValues values, Quorum quorum, Timing timing) {
        final ServerSpec own = quorum.members().servers().get(quorum.myId());
        HostPort plain = listener(values, "clientPort", "clientPortAddress");
        if (own != null && own.client() != null) {
            plain = agree(values, plain, own.client());
        }
        final HostPort secure = listener(values, "secureClientPort", "secureClientPortAddress");
        if (plain == null && secure == null) {
            throw values.missing("clientPort", "clientPort=2181");
        }
        return new Clients(
                plain,
                secure,
                values.number("clientPortListenBacklog", -1, -1, Integer.MAX_VALUE),
                secure == null ? null : tls(values),
                frontEnd(values, timing),
                values.bool("enforceQuota", false));
    }

    private static @Nullable HostPort listener(ZooValues values, String portKey, String addressKey) {
        final String host = values.text(addressKey);
        if (values.setting(portKey) == null) {
            final Setting address = values.setting(addressKey);
            if (address != null) {
                throw new ZooConfigException(address, "there is an address without a port; add " + portKey);
            }
            return null;
        }
        return new HostPort(host == null ? ANY_ADDRESS : unbracketed(host), values.number(portKey, 0, 0, MAX_PORT));
    }

    private static String unbracketed(String host) {
        return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }

    /** The server's own line and clientPort may both say where clients connect; then they must say the same. */
    private static HostPort agree(ZooValues values, @Nullable HostPort fromKeys, HostPort fromLine) {
        if (fromKeys == null || fromKeys.equals(fromLine)) {
            return fromLine;
        }
        if (fromKeys.host().equals(ANY_ADDRESS) && fromKeys.port() == fromLine.port()) {
            return fromLine;
        }
        throw values.bad(
                "clientPort", "this member's server line says " + fromLine + "; let both say the same or remove one");
    }

    private static Tls tls(ZooValues values) {
        final String keyStore = values.require("ssl.keyStore.location", "secureClientPort needs the server's key");
        final String password = values.require("ssl.keyStore.password", "the key store has a password");
        final String trustStore = values.text("ssl.trustStore.location");
        final String auth = values.text("ssl.clientAuth");
        return new Tls(
                Path.of(keyStore),
                password,
                trustStore == null ? null : Path.of(trustStore),
                values.text("ssl.trustStore.password"),
                auth == null ? Tls.ClientAuth.NEED : clientAuth(values, auth));
    }

    private static Tls.ClientAuth clientAuth(ZooValues values, String text) {
        for (Tls.ClientAuth auth : Tls.ClientAuth.values()) {
            if (auth.name().equalsIgnoreCase(text)) {
                return auth;
            }
        }
        throw values.bad("ssl.clientAuth", "write none, want or need");
    }

    private FrontEndConfig frontEnd(ZooValues values, Timing timing) {
        return new FrontEndConfig(
                timing.minSessionTimeoutMs(),
                timing.maxSessionTimeoutMs(),
                values.number("jute.maxbuffer", FrontEndConfig.DEFAULT_MAX_FRAME_BYTES, 1024, 1 << 30),
                values.number(
                        "maxClientCnxns", FrontEndConfig.DEFAULT_MAX_CONNECTIONS_PER_ADDRESS, 0, Integer.MAX_VALUE),
                values.number("globalOutstandingLimit", FrontEndConfig.DEFAULT_MAX_OUTSTANDING, 1, Integer.MAX_VALUE),
                words(values),
                superDigest(values));
    }

    private static Set<String> words(ZooValues values) {
        final String text = values.text("4lw.commands.whitelist");
        if (text == null) {
            return ZooConfig.DEFAULT_WORDS;
        }
        return Arrays.stream(text.split(","))
                .map(word -> word.trim().toLowerCase(Locale.ROOT))
                .filter(word -> !word.isEmpty())
                .collect(Collectors.toSet());
    }

    private static @Nullable String superDigest(ZooValues values) {
        final String digest = values.text("DigestAuthenticationProvider.superDigest");
        if (digest != null && !digest.matches("super:[A-Za-z0-9+/]{27}=")) {
            throw values.bad(
                    "DigestAuthenticationProvider.superDigest", "write super:<base64 of the SHA-1 of super:password>");
        }
        return digest;
    }

    private static Admin admin(ZooValues values) {
        final String host = values.text("admin.serverAddress");
        final String url = values.text("admin.commandURL");
        if (url != null && !url.startsWith("/")) {
            throw values.bad("admin.commandURL", "a path begins with /");
        }
        return new Admin(
                values.bool("admin.enableServer", true),
                new HostPort(
                        host == null ? LOOPBACK : unbracketed(host),
                        values.number("admin.serverPort", 8080, 0, MAX_PORT)),
                url == null ? "/commands" : url,
                values.number("admin.idleTimeout", 30_000, 0, Integer.MAX_VALUE));
    }
}
