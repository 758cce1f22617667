// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static io.varve.broker.cli.Printer.object;

import io.varve.log.CorruptLogException;
import io.varve.log.LogDirectory;
import io.varve.log.RecoveryReport;
import io.varve.log.batch.Compression;
import io.varve.log.index.IndexFile;
import io.varve.log.index.SparseIndex;
import io.varve.log.storage.ReadOnlyStorage;
import io.varve.log.tool.Finding;
import io.varve.log.tool.LogDump;
import io.varve.log.tool.LogRepair;
import io.varve.log.tool.LogStatistics;
import io.varve.log.tool.LogVerifier;
import io.varve.log.tool.Verification;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code varve log ...}: looks at, verifies and repairs the files of a log, without a broker.
 *
 * <p>Threading: confined to the command's thread.
 */
@Command(
        name = "log",
        description = "Show, verify, repair and count the files of a log, without a broker.",
        synopsisSubcommandLabel = "COMMAND")
final class LogCommand {

    private static final String DIR = "DIR";
    private static final String ONE = "The directory of a log.";
    private static final String ALL = "The directory of a log, or of a broker: then all logs in it.";

    private final Streams streams;

    LogCommand(Streams streams) {
        this.streams = streams;
    }

    /** What is shown instead of batches. */
    static final class DumpWhat {

        @Option(names = "--records", description = "Also the records: offsets, timestamps, sizes.")
        private boolean records;

        @Option(names = "--values", description = "Also the records with their keys and values.")
        private boolean values;

        @Option(names = "--index", description = "The entries of the indexes instead.")
        private boolean index;

        @Option(names = "--epochs", description = "The leader epochs instead.")
        private boolean epochs;

        @Option(names = "--cursors", description = "The cursors instead.")
        private boolean cursors;

        DumpPrinter.Detail detail() {
            return values
                    ? DumpPrinter.Detail.VALUES
                    : records ? DumpPrinter.Detail.RECORDS : DumpPrinter.Detail.HEADERS;
        }
    }

    @Command(
            name = "dump",
            description = {
                "Show the batches of a log, in the lines of kafka-dump-log. Changes nothing.",
                "Exit code 1 when a stretch holds no valid batch."
            })
    int dump(
            @Mixin OutputOptions options,
            @Parameters(paramLabel = DIR, description = ONE) Path directory,
            @Option(names = "--from", paramLabel = "OFFSET", description = "Begin at the batch with this offset.")
                    long from,
            @Option(
                            names = "--max",
                            paramLabel = "N",
                            description = "Show so many batches at most, or records when they are shown.",
                            defaultValue = "9223372036854775807")
                    long max,
            @ArgGroup(exclusive = true) DumpWhat given) {
        final DumpWhat what = given == null ? new DumpWhat() : given;
        final ReadOnlyStorage storage = ReadOnlyStorage.open(LogPaths.one(directory));
        if (what.index) {
            dumpIndexes(options, storage, from, max);
        } else if (what.epochs) {
            LogDirectory.of(storage)
                    .epochs()
                    .forEach((offset, epoch) ->
                            line(options, object("type", "epoch", "epoch", epoch, "startOffset", offset)));
        } else if (what.cursors) {
            LogDirectory.of(storage)
                    .cursors()
                    .forEach((name, position) ->
                            line(options, object("type", "cursor", "name", name, "position", position)));
        } else {
            final DumpPrinter printer = new DumpPrinter(streams.out(), options.isJson(), what.detail(), from, max);
            LogDump.dump(storage, from, printer);
            return printer.isSound() ? 0 : CommandFailure.EXIT_FAILED;
        }
        return 0;
    }

    private void dumpIndexes(OutputOptions options, ReadOnlyStorage storage, long from, long max) {
        long left = max;
        for (long baseOffset : LogDirectory.of(storage).baseOffsets()) {
            final String name = LogDirectory.indexName(baseOffset);
            final IndexFile.Inspection inspection = new IndexFile(storage, name, baseOffset).inspect();
            if (inspection == null) {
                continue;
            }
            final SparseIndex index = inspection.index();
            for (int i = 0; i < index.entryCount() && left > 0; i++) {
                if (baseOffset + index.relativeOffset(i) >= from) {
                    line(
                            options,
                            object(
                                    "type",
                                    "index",
                                    "file",
                                    name,
                                    "offset",
                                    baseOffset + index.relativeOffset(i),
                                    "position",
                                    index.position(i),
                                    "maxTimestamp",
                                    index.maxTimestampMs(i),
                                    "maxTimestampOffset",
                                    baseOffset + index.maxTimestampRelativeOffset(i)));
                    left--;
                }
            }
        }
    }

    @Command(
            name = "verify",
            description = {
                "Read everything and say what is wrong: checksums, offsets, indexes, epochs, small files, torn tails."
                        + " Changes nothing; works while the log is open.",
                "Exit code 0 when no damage was found, 1 when there is some, 2 when the call was wrong."
            })
    int verify(
            @Mixin OutputOptions options,
            @Parameters(paramLabel = DIR, description = ALL) Path directory,
            @Option(names = "--compacted", description = "Offsets may be missing.") boolean compacted,
            @Option(names = "--records", description = "Decompress the batches and check the records too.")
                    boolean records) {
        boolean sound = true;
        for (Path log : LogPaths.all(directory)) {
            final Set<LogVerifier.Option> known = options(compacted);
            if (records) {
                known.add(LogVerifier.Option.RECORDS);
            }
            if (LogRepair.isInUse(log)) {
                known.add(LogVerifier.Option.IN_USE);
            }
            final Verification result = LogVerifier.verify(
                    ReadOnlyStorage.open(log), known, finding -> print(options, log, "finding", finding));
            sound &= result.isSound();
            final Map<String, Object> sums = object(
                    "type", "log",
                    "log", log.toString(),
                    "sound", result.isSound(),
                    "damage", result.damage(),
                    "notes", result.notes(),
                    "segments", result.segments(),
                    "batches", result.batches(),
                    "records", result.records(),
                    "sizeBytes", result.sizeBytes(),
                    "startOffset", result.startOffset(),
                    "endOffset", result.endOffset());
            if (options.isJson()) {
                Printer.json(streams.out(), sums);
            } else {
                streams.out()
                        .println(log + ": " + (result.isSound() ? "sound" : "DAMAGED") + ", damage="
                                + result.damage() + ", notes=" + result.notes() + ", segments=" + result.segments()
                                + ", batches=" + result.batches() + ", records=" + result.records() + ", bytes="
                                + result.sizeBytes() + ", offsets=" + result.startOffset() + ".." + result.endOffset());
            }
        }
        return sound ? 0 : CommandFailure.EXIT_FAILED;
    }

    @Command(
            name = "repair",
            description = {
                "Do what opening the log would do, and make indexes anew that do not agree with their segments. What is"
                        + " cut off or replaced is kept in files that end with .quarantine. Refused while the log is open.",
                "Exit code 0 when nothing is damaged afterwards, 1 when something is or the repair failed."
            })
    int repair(
            @Mixin OutputOptions options,
            @Parameters(paramLabel = DIR, description = ONE) Path directory,
            @Option(names = "--compacted", description = "Offsets may be missing.") boolean compacted,
            @Option(names = "--dry-run", description = "Say what would be done; change nothing.") boolean dryRun) {
        final Path log = LogPaths.one(directory);
        final LogRepair.Outcome outcome =
                dryRun ? LogRepair.rehearse(log, options(compacted)) : LogRepair.repair(log, options(compacted));
        final RecoveryReport recovery = outcome.recovery();
        if (options.isJson()) {
            Printer.json(
                    streams.out(),
                    object(
                            "type", "repair",
                            "log", log.toString(),
                            "dryRun", dryRun,
                            "sound", outcome.isSound(),
                            "putAside", outcome.putAside(),
                            "recovery", recovery,
                            "before", outcome.before(),
                            "after", outcome.after()));
        } else {
            outcome.before().forEach(finding -> print(options, log, "found", finding));
            outcome.putAside().forEach(name -> streams.out().println("put aside: " + name));
            streams.out()
                    .println((dryRun ? "would have recovered: " : "recovered: ") + "wasClean=" + recovery.wasClean()
                            + ", scannedBytes=" + recovery.scannedBytes() + ", truncatedBytes="
                            + recovery.truncatedBytes()
                            + ", rebuiltIndexes=" + recovery.rebuiltIndexes() + ", damaged="
                            + recovery.damaged().size());
            outcome.after().stream().filter(Finding::isDamage).forEach(finding -> print(options, log, "left", finding));
            streams.out().println(log + ": " + (outcome.isSound() ? "sound" : "DAMAGED"));
        }
        return outcome.isSound() ? 0 : CommandFailure.EXIT_FAILED;
    }

    private static Set<LogVerifier.Option> options(boolean compacted) {
        return compacted ? EnumSet.of(LogVerifier.Option.COMPACTED) : EnumSet.noneOf(LogVerifier.Option.class);
    }

    @Command(
            name = "stat",
            description = "Count segments, batches, records and bytes; show offsets, times, codecs. Changes nothing.")
    int stat(
            @Mixin OutputOptions options,
            @Parameters(paramLabel = DIR, description = ALL) Path directory,
            @Option(names = "--ratio", description = "Decompress the batches to know the compression ratios.")
                    boolean ratio) {
        for (Path log : LogPaths.all(directory)) {
            final LogStatistics statistics;
            try {
                statistics = LogStatistics.of(ReadOnlyStorage.open(log), ratio);
            } catch (CorruptLogException e) {
                throw new CommandFailure(CommandFailure.FAILED, e.getMessage() + "; see varve log verify", e);
            }
            if (options.isJson()) {
                Printer.json(streams.out(), json(log, statistics));
            } else {
                print(log, statistics);
            }
        }
        return 0;
    }

    private static Map<String, Object> json(Path log, LogStatistics statistics) {
        final Map<String, Object> codecs = new TreeMap<>();
        statistics
                .codecs()
                .forEach((compression, codec) -> codecs.put(
                        name(compression),
                        object(
                                "batches", codec.batches(),
                                "storedBytes", codec.storedBytes(),
                                "recordBytes", codec.recordBytes() < 0 ? null : codec.recordBytes())));
        return object(
                "type", "log",
                "log", log.toString(),
                "startOffset", statistics.startOffset(),
                "endOffset", statistics.endOffset(),
                "batches", statistics.batches(),
                "records", statistics.records(),
                "sizeBytes", statistics.sizeBytes(),
                "indexBytes", statistics.indexBytes(),
                "minTimestamp", statistics.minTimestampMs(),
                "maxTimestamp", statistics.maxTimestampMs(),
                "wasClosed", statistics.wasClosed(),
                "recoveryBytes", statistics.recoveryBytes(),
                "codecs", codecs,
                "epochs",
                        statistics.epochs().entrySet().stream()
                                .map(entry -> object("epoch", entry.getValue(), "startOffset", entry.getKey()))
                                .toList(),
                "cursors", statistics.cursors(),
                "segments", statistics.segments());
    }

    private void print(Path log, LogStatistics statistics) {
        streams.out()
                .println(log + ": offsets=" + statistics.startOffset() + ".." + statistics.endOffset()
                        + ", segments=" + statistics.segments().size() + ", batches=" + statistics.batches()
                        + ", records="
                        + statistics.records() + ", bytes=" + statistics.sizeBytes() + ", index bytes="
                        + statistics.indexBytes());
        streams.out()
                .println("  times: " + time(statistics.minTimestampMs()) + " to " + time(statistics.maxTimestampMs()));
        streams.out()
                .println("  closed: " + statistics.wasClosed() + ", bytes that opening reads again: "
                        + statistics.recoveryBytes());
        statistics.codecs().forEach((compression, codec) -> streams.out()
                .println("  codec " + name(compression) + ": batches=" + codec.batches() + ", bytes="
                        + codec.storedBytes() + ratio(codec)));
        if (!statistics.epochs().isEmpty()) {
            final List<String> epochs = new ArrayList<>();
            statistics.epochs().forEach((offset, epoch) -> epochs.add(epoch + " from " + offset));
            streams.out().println("  epochs: " + String.join(", ", epochs));
        }
        statistics.cursors().forEach((name, position) -> streams.out().println("  cursor " + name + ": " + position));
        final List<List<String>> rows = new ArrayList<>();
        for (LogStatistics.Segment segment : statistics.segments()) {
            rows.add(List.of(
                    "  " + segment.name(),
                    String.valueOf(segment.endOffset()),
                    String.valueOf(segment.sizeBytes()),
                    String.valueOf(segment.batches()),
                    String.valueOf(segment.records()),
                    String.valueOf(segment.indexBytes()),
                    String.valueOf(segment.damagedBytes())));
        }
        Printer.table(
                streams.out(),
                List.of("  segment", "end", "bytes", "batches", "records", "index bytes", "damaged bytes"),
                rows);
    }

    private static String ratio(LogStatistics.Codec codec) {
        return codec.recordBytes() < 0 || codec.storedBytes() == 0
                ? ""
                : String.format(Locale.ROOT, ", ratio=%.2f", (double) codec.recordBytes() / codec.storedBytes());
    }

    private static String name(Compression compression) {
        return compression.name().toLowerCase(Locale.ROOT);
    }

    private static String time(long timestampMs) {
        return timestampMs < 0 ? "none" : Instant.ofEpochMilli(timestampMs).toString();
    }

    private void print(OutputOptions options, Path log, String word, Finding finding) {
        if (options.isJson()) {
            Printer.json(
                    streams.out(),
                    object(
                            "type", word,
                            "log", log.toString(),
                            "kind", finding.kind(),
                            "damage", finding.isDamage(),
                            "file", finding.file(),
                            "position", finding.position(),
                            "detail", finding.detail()));
        } else {
            streams.out()
                    .println((finding.isDamage() ? "DAMAGE " : "note   ") + finding.kind() + " " + log.getFileName()
                            + "/" + finding.file() + " at " + finding.position() + ": " + finding.detail());
        }
    }

    private void line(OutputOptions options, Map<String, Object> fields) {
        if (options.isJson()) {
            Printer.json(streams.out(), fields);
            return;
        }
        final StringBuilder line = new StringBuilder();
        fields.forEach((name, value) -> {
            if (!name.equals("type")) {
                line.append(line.length() == 0 ? "" : " ")
                        .append(name)
                        .append(": ")
                        .append(value);
            }
        });
        streams.out().println(line);
    }
}
