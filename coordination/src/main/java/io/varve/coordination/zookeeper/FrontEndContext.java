// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import io.varve.coordination.tree.TreeReplica;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a front end needs from outside.
 *
 * <p>Threading: called on the member's thread.
 *
 * @param replica the member
 * @param nanoClock monotonic time, nanoseconds
 * @param wallClock milliseconds since the epoch
 * @param passwords gives 16 new random bytes from a strong source
 * @param membership changes members, or null when clients may not (zoo.cfg: reconfigEnabled=false)
 * @param facts what the member's operator wants to read
 */
public record FrontEndContext(
        TreeReplica replica,
        LongSupplier nanoClock,
        LongSupplier wallClock,
        Supplier<byte[]> passwords,
        @Nullable Membership membership,
        Facts facts) {

    /**
     * What four-letter words and admin commands print as it is given.
     *
     * @param version as {@link #version} makes it: tools take what stands before the first hyphen for the version of ZooKeeper
     * @param configuration the settings in ZooKeeper's order and names: clientPort, dataDir, tickTime and so on
     * @param environment of the process, in ZooKeeper's order and names: java.version, os.name and so on
     * @param gauges of the process, in ZooKeeper's names without zk_: open_file_descriptor_count and so on
     * @param initialConfiguration the text of zoo.cfg, without secrets
     */
    public record Facts(
            String version,
            Supplier<Map<String, Object>> configuration,
            Supplier<Map<String, String>> environment,
            Supplier<Map<String, Number>> gauges,
            String initialConfiguration) {

        /** The version of ZooKeeper whose protocol and words these are. */
        private static final String SPOKEN = "3.9.5";

        /** A version line that monitoring tools understand. */
        public static String version(String varveVersion, String builtOn) {
            return SPOKEN + "-varve-" + varveVersion + ", built on " + builtOn;
        }
    }
}
