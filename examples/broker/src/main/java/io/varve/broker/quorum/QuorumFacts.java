// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.quorum;

import com.sun.management.UnixOperatingSystemMXBean;
import io.varve.coordination.zookeeper.FrontEndContext;
import io.varve.coordination.zookeeper.config.ZooConfig;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.CodeSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.slf4j.LoggerFactory;

/** What a member's operators read of its configuration and its process, in ZooKeeper's names and order. */
final class QuorumFacts {

    private static final DateTimeFormatter BUILT_ON =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT);

    private QuorumFacts() {}

    static FrontEndContext.Facts of(ZooConfig config, String text) {
        return new FrontEndContext.Facts(
                version(), config::settings, QuorumFacts::environment, QuorumFacts::gauges, text);
    }

    private static String version() {
        final String own = QuorumFacts.class.getPackage().getImplementationVersion();
        return FrontEndContext.Facts.version(own == null ? "development" : own, builtOn());
    }

    /** When the program's file was written; the start of time where that cannot be told. */
    private static String builtOn() {
        FileTime time = FileTime.fromMillis(0);
        try {
            final CodeSource source = QuorumFacts.class.getProtectionDomain().getCodeSource();
            if (source != null) {
                time = Files.getLastModifiedTime(Path.of(source.getLocation().toURI()));
            }
        } catch (IOException | URISyntaxException e) {
            LoggerFactory.getLogger(QuorumFacts.class).debug("The time of the build is not known", e);
        }
        return BUILT_ON.format(time.toInstant().atOffset(ZoneOffset.UTC));
    }

    private static Map<String, String> environment() {
        final Map<String, String> values = new LinkedHashMap<>();
        values.put("zookeeper.version", version());
        values.put("host.name", hostName());
        for (String key : new String[] {
            "java.version",
            "java.vendor",
            "java.home",
            "java.class.path",
            "java.library.path",
            "java.io.tmpdir",
            "java.compiler",
            "os.name",
            "os.arch",
            "os.version",
            "user.name",
            "user.home",
            "user.dir"
        }) {
            values.put(key, System.getProperty(key, "<NA>"));
        }
        final Runtime runtime = Runtime.getRuntime();
        values.put("os.memory.free", mebibytes(runtime.freeMemory()));
        values.put("os.memory.max", mebibytes(runtime.maxMemory()));
        values.put("os.memory.total", mebibytes(runtime.totalMemory()));
        return values;
    }

    private static String mebibytes(long bytes) {
        return (bytes >> 20) + "MB";
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getCanonicalHostName();
        } catch (UnknownHostException e) {
            return "<NA>";
        }
    }

    private static Map<String, Number> gauges() {
        final Map<String, Number> values = new LinkedHashMap<>();
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
            values.put("open_file_descriptor_count", system.getOpenFileDescriptorCount());
            values.put("max_file_descriptor_count", system.getMaxFileDescriptorCount());
        }
        return values;
    }
}
