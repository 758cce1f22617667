// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code varve tree ...}: zkCli's commands, one a call. Names, options and text are zkCli's; what differs is that
 * errors are one line and an exit code, that a result always goes to standard output, and that there is {@code -o json}.
 *
 * <p>The declarations only: ZooKeeper's client loads when a command runs.
 *
 * <p>Threading: confined to the command's thread.
 */
@Command(
        name = "tree",
        description = {
            "Look at and change the tree of a quorum, or of any ZooKeeper, with zkCli's commands.",
            "Everything after -- is taken as it is, as data that begins with a dash."
        },
        synopsisSubcommandLabel = "COMMAND")
final class TreeCommand {

    private static final String PATH = "PATH";
    private static final String VERSION = "VERSION";
    private static final String EXPECTED = "Only when the node has this version. Default: -1, any.";
    private static final String ALSO_STAT = "Also the node's stat.";
    private static final String ALSO_WATCH = "Then wait for the next change and print it.";

    private final Streams streams;

    @Mixin
    private TreeOptions options = new TreeOptions();

    TreeCommand(Streams streams) {
        this.streams = streams;
    }

    @Command(name = "ls", description = "List the children of a node.")
    void ls(
            @Parameters(paramLabel = PATH) String path,
            @Option(names = "-s", description = ALSO_STAT) boolean stat,
            @Option(names = "-R", description = "The node and all below it instead, one a line.") boolean recursive,
            @Option(names = "-w", description = ALSO_WATCH) boolean watch) {
        if (recursive) {
            reads().listAll(path, watch);
        } else {
            reads().list(path, stat, watch);
        }
    }

    @Command(name = "get", description = "Show the data of a node.")
    void get(
            @Parameters(paramLabel = PATH) String path,
            @Option(names = "-s", description = ALSO_STAT) boolean stat,
            @Option(names = "-w", description = ALSO_WATCH) boolean watch,
            @Option(
                            names = "-b",
                            description = "As Base64. JSON has the data as text, or as Base64 if it is not UTF-8.")
                    boolean base64,
            @Option(names = "-x", description = "As a hexadecimal dump.") boolean hex) {
        reads().get(
                        path,
                        stat,
                        watch,
                        hex
                                ? TreeReads.DataForm.HEX_DUMP
                                : base64 ? TreeReads.DataForm.BASE64 : TreeReads.DataForm.TEXT);
    }

    @Command(name = "set", description = "Set the data of a node.")
    void set(
            @Parameters(paramLabel = PATH) String path,
            @Parameters(paramLabel = "DATA") String data,
            @Option(names = "-s", description = ALSO_STAT) boolean stat,
            @Option(names = "-v", paramLabel = VERSION, defaultValue = "-1", description = EXPECTED) int version,
            @Option(names = "-b", description = "The data is given as Base64.") boolean base64) {
        writes().set(path, data, version, stat, base64);
    }

    @Command(name = "create", description = "Create a node and print its path.")
    void create(
            @Parameters(paramLabel = PATH) String path,
            @Parameters(paramLabel = "DATA", arity = "0..1") @Nullable String data,
            @Parameters(paramLabel = "ACL", arity = "0..1", description = "Default: world:anyone:cdrwa.") @Nullable
                    String acl,
            @Option(names = "-s", description = "Append a number of ten digits that increases.") boolean sequential,
            @Option(
                            names = "-e",
                            description = "Ephemeral: gone when its session is, which is left to run out after the"
                                    + " command, -timeout later.")
                    boolean ephemeral,
            @Option(names = "-c", description = "A container: gone some time after its last child.") boolean container,
            @Option(
                            names = "-t",
                            paramLabel = "MS",
                            description = "Time to live: gone so long after its last change, if it has no children.")
                    @Nullable
                    Long ttlMs) {
        writes().create(
                        path,
                        data,
                        acl,
                        TreeWrites.mode(sequential, ephemeral, container, ttlMs),
                        ttlMs == null ? 0 : ttlMs);
    }

    @Command(name = "delete", description = "Delete a node that has no children.")
    void delete(
            @Parameters(paramLabel = PATH) String path,
            @Option(names = "-v", paramLabel = VERSION, defaultValue = "-1", description = EXPECTED) int version) {
        writes().delete(path, version);
    }

    @Command(name = "deleteall", description = "Delete a node and all below it; not in one change.")
    void deleteAll(
            @Parameters(paramLabel = PATH) String path,
            @Option(
                            names = "-b",
                            paramLabel = "N",
                            defaultValue = "1000",
                            description = "Nodes to delete in one request. Default: ${DEFAULT-VALUE}.")
                    int batchSize) {
        writes().deleteAll(path, batchSize);
    }

    @Command(name = "stat", description = "Show the stat of a node.")
    void stat(
            @Parameters(paramLabel = PATH) String path, @Option(names = "-w", description = ALSO_WATCH) boolean watch) {
        reads().stat(path, watch);
    }

    @Command(name = "getAcl", description = "Show who may do what with a node.")
    void getAcl(
            @Parameters(paramLabel = PATH) String path, @Option(names = "-s", description = ALSO_STAT) boolean stat) {
        acls().get(path, stat);
    }

    @Command(name = "setAcl", description = "Say who may do what with a node.")
    void setAcl(
            @Parameters(paramLabel = PATH) String path,
            @Parameters(
                            paramLabel = "ACL",
                            description = "SCHEME:ID:PERMISSIONS, several between commas; permissions are letters of"
                                    + " cdrwa: create, delete, read, write, admin.")
                    String acl,
            @Option(names = "-s", description = ALSO_STAT) boolean stat,
            @Option(names = "-v", paramLabel = VERSION, defaultValue = "-1", description = EXPECTED) int version,
            @Option(names = "-R", description = "Also with all nodes below it; not in one change.") boolean recursive) {
        if (recursive) {
            acls().setAll(path, acl, version);
        } else {
            acls().set(path, acl, version, stat);
        }
    }

    @Command(name = "whoami", description = "Show who the servers take you for.")
    void whoAmI() {
        acls().whoAmI();
    }

    @Command(name = "listquota", description = "Show the quota of a node and how much of it is used.")
    void listQuota(@Parameters(paramLabel = PATH) String path) {
        quotas().list(path);
    }

    @Command(name = "setquota", description = "Limit the nodes or bytes of a node and all below it.")
    void setQuota(
            @ArgGroup(exclusive = true, multiplicity = "1") TreeQuotaLimit limit,
            @Parameters(paramLabel = PATH) String path) {
        quotas().set(path, limit.quota(), limit.value());
    }

    @Command(name = "delquota", description = "Take away the limit of a node, or all its limits.")
    void deleteQuota(
            @ArgGroup(exclusive = true) @Nullable TreeQuotaChoice choice, @Parameters(paramLabel = PATH) String path) {
        quotas().delete(path, choice == null ? null : choice.quota());
    }

    @Command(name = "sync", description = "Wait until the server that is asked has caught up with the leader.")
    void sync(@Parameters(paramLabel = PATH) String path) {
        reads().sync(path);
    }

    @Command(name = "getEphemerals", description = "Show the ephemeral nodes of this call's own session.")
    void getEphemerals(@Parameters(paramLabel = "PREFIX", defaultValue = "/") String prefix) {
        reads().ephemerals(prefix);
    }

    @Command(name = "getAllChildrenNumber", description = "Count the nodes below a node.")
    void getAllChildrenNumber(@Parameters(paramLabel = PATH) String path) {
        reads().countAll(path);
    }

    @Command(name = "config", description = "Show the members, as the servers know them.")
    void config(
            @Option(names = "-s", description = ALSO_STAT) boolean stat,
            @Option(names = "-c", description = "As what a client needs to connect to all.") boolean asServers) {
        reads().config(stat, asServers);
    }

    @Command(name = "version", description = "Show the version of the client.")
    void version() {
        reads().version();
    }

    @Command(name = "watch", description = "Print what happens to a node, one event a line, until a signal comes.")
    void watch(
            @Parameters(paramLabel = PATH) String path,
            @Option(names = "-R", description = "And to all nodes below it.") boolean recursive,
            @Option(
                            names = "--max-events",
                            paramLabel = "N",
                            defaultValue = "9223372036854775807",
                            description = "End after so many.")
                    long maxEvents) {
        watches().watch(path, recursive, maxEvents);
    }

    @Command(name = "addWatch", description = "As watch, with zkCli's name and modes.")
    void addWatch(
            @Parameters(paramLabel = PATH) String path,
            @Option(
                            names = "-m",
                            paramLabel = "MODE",
                            defaultValue = "PERSISTENT_RECURSIVE",
                            description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
                    WatchMode mode,
            @Option(
                            names = "--max-events",
                            paramLabel = "N",
                            defaultValue = "9223372036854775807",
                            description = "End after so many.")
                    long maxEvents) {
        watches().watch(path, mode == WatchMode.PERSISTENT_RECURSIVE, maxEvents);
    }

    /** ZooKeeper's names. */
    enum WatchMode {
        PERSISTENT,
        PERSISTENT_RECURSIVE
    }

    private TreeReads reads() {
        return new TreeReads(session(), output());
    }

    private TreeWrites writes() {
        return new TreeWrites(session(), output());
    }

    private TreeAcls acls() {
        return new TreeAcls(session(), output());
    }

    private TreeQuotas quotas() {
        return new TreeQuotas(session(), output());
    }

    private TreeWatches watches() {
        return new TreeWatches(session(), output());
    }

    private TreeSession session() {
        return new TreeSession(options);
    }

    private TreeOutput output() {
        return new TreeOutput(streams, options);
    }
}
