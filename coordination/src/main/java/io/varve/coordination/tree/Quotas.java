// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Quotas of subtrees: a limit at {@code /zookeeper/quota/<path>/zookeeper_limits} makes the tree count the nodes and bytes at and below
 * {@code <path>} in the node {@code zookeeper_stats} beside it. The longest prefix of a path that has a limit counts.
 *
 * <p>Threading: confined to the machine's thread.
 */
final class Quotas {

    static final String LIMITS = "zookeeper_limits";
    static final String STATS = "zookeeper_stats";

    private final TreeNodes nodes;

    /** The paths that have a limit. */
    private final Set<String> limited = new HashSet<>();

    /** Length of the longest of them. */
    private int longest;

    Quotas(TreeNodes nodes) {
        this.nodes = nodes;
    }

    /** A restored tree: takes note of its limits. */
    void find(TreeNode node) {
        if (node.name.equals(LIMITS)) {
            String path = limitedPath(node);
            if (path != null) {
                limit(path);
            }
        }
    }

    /** The path that a node of limits or statistics is about; null when it is no such node. */
    private static @Nullable String limitedPath(TreeNode node) {
        if (node.parent == null || !(node.name.equals(LIMITS) || node.name.equals(STATS))) {
            return null;
        }
        String parent = node.parent.path();
        return parent.startsWith(TreePaths.QUOTA + "/") ? parent.substring(TreePaths.QUOTA.length()) : null;
    }

    /** The longest prefix of a path that has a limit. What is longer than any limited path is passed over without a copy. */
    private @Nullable String prefix(String path) {
        int end = limited.isEmpty() ? 0 : path.length();
        while (end > longest) {
            end = path.lastIndexOf('/', end - 1);
        }
        for (; end > 0; end = path.lastIndexOf('/', end - 1)) {
            String prefix = path.substring(0, end);
            if (limited.contains(prefix)) {
                return prefix;
            }
        }
        return null;
    }

    private void limit(String path) {
        limited.add(path);
        longest = Math.max(longest, path.length());
    }

    private void unlimit(String path) {
        limited.remove(path);
        longest = limited.stream().mapToInt(String::length).max().orElse(0);
    }

    /** Whether so many more nodes and bytes at a path would go over a hard limit; what it says is for a message. */
    @Nullable
    String excess(String path, long bytes, int count) {
        String prefix = prefix(path);
        TreeNode limits = prefix == null ? null : nodes.find(TreePaths.QUOTA + prefix + "/" + LIMITS);
        TreeNode stats = prefix == null ? null : nodes.find(TreePaths.QUOTA + prefix + "/" + STATS);
        if (limits == null || stats == null) {
            return null;
        }
        QuotaText limit = QuotaText.of(limits.data);
        QuotaText now = QuotaText.of(stats.data);
        long mostNodes = limit.value(QuotaText.COUNT_HARD_LIMIT);
        long mostBytes = limit.value(QuotaText.BYTE_HARD_LIMIT);
        if (count != 0 && mostNodes > -1 && now.value(QuotaText.COUNT) + count > mostNodes) {
            return "quota exceeded: path=" + prefix + ", nodes=" + now.value(QuotaText.COUNT) + ", limit=" + mostNodes;
        }
        if (bytes != 0 && mostBytes > -1 && now.value(QuotaText.BYTES) + bytes > mostBytes) {
            return "quota exceeded: path=" + prefix + ", bytes=" + now.value(QuotaText.BYTES) + ", limit=" + mostBytes;
        }
        return null;
    }

    /** A node was created; its path is passed because whoever calls has it. */
    void created(TreeNode node, String path, TreeEdit edit) {
        int bytes = node.data.length;
        String about = limitedPath(node);
        if (about != null && node.name.equals(LIMITS)) {
            edit.onUndo(() -> unlimit(about));
            limit(about);
        } else if (about != null) {
            setStats(node, QuotaText.of(TreeOp.EMPTY).with(count(nodes.find(about))), edit);
        }
        count(path, bytes, 1, edit);
    }

    /** A node was deleted. */
    void deleted(TreeNode node, String path, TreeEdit edit) {
        String about = node.name.equals(LIMITS) ? limitedPath(node) : null;
        if (about != null) {
            edit.onUndo(() -> limit(about));
            unlimit(about);
        }
        count(path, -node.data.length, -1, edit);
    }

    /** So many more bytes and nodes at a path. */
    void count(String path, long bytes, int count, TreeEdit edit) {
        String prefix = prefix(path);
        TreeNode stats = prefix == null ? null : nodes.find(TreePaths.QUOTA + prefix + "/" + STATS);
        if (stats != null) {
            QuotaText now = QuotaText.of(stats.data);
            Counts counts = new Counts(now.value(QuotaText.COUNT) + count, now.value(QuotaText.BYTES) + bytes);
            setStats(stats, now.with(counts), edit);
        }
    }

    /** The tree counts for itself: neither version nor time of the statistics change. */
    private void setStats(TreeNode stats, QuotaText text, TreeEdit edit) {
        nodes.beginChange(stats, edit);
        stats.data = text.bytes();
        stats.content = stats.contentHash();
        nodes.endChange(stats);
    }

    private record Counts(long nodes, long bytes) {}

    /** The nodes and bytes at and below a node. */
    private static Counts count(@Nullable TreeNode top) {
        long[] counts = new long[2];
        if (top != null) {
            TreeNodes.forSubtree(top, node -> {
                counts[0]++;
                counts[1] += node.data.length;
            });
        }
        return new Counts(counts[0], counts[1]);
    }

    /** The text of limits and statistics: {@code count=1,bytes=2=;countHardLimit=3}; what is not a number counts as -1. */
    private record QuotaText(Map<String, Long> values) {

        static final String COUNT = "count";
        static final String BYTES = "bytes";
        static final String COUNT_HARD_LIMIT = "countHardLimit";
        static final String BYTE_HARD_LIMIT = "byteHardLimit";

        static QuotaText of(byte[] bytes) {
            Map<String, Long> values = new TreeMap<>();
            for (String pair : new String(bytes, StandardCharsets.UTF_8).split("[,;]", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0) {
                    String number = pair.substring(equals + 1);
                    int end = number.indexOf('=');
                    values.put(pair.substring(0, equals), number(end < 0 ? number : number.substring(0, end)));
                }
            }
            return new QuotaText(values);
        }

        private static long number(String text) {
            try {
                return Long.parseLong(text);
            } catch (NumberFormatException e) {
                return -1;
            }
        }

        long value(String key) {
            return values.getOrDefault(key, -1L);
        }

        QuotaText with(Counts counts) {
            Map<String, Long> changed = new TreeMap<>(values);
            changed.put(COUNT, counts.nodes());
            changed.put(BYTES, counts.bytes());
            return new QuotaText(changed);
        }

        /** Count and bytes first, and an equals sign behind them when there is more: old clients read that. */
        byte[] bytes() {
            StringBuilder text = new StringBuilder();
            text.append(COUNT).append('=').append(value(COUNT));
            text.append(',').append(BYTES).append('=').append(value(BYTES));
            String separator = "=;";
            for (Map.Entry<String, Long> entry : values.entrySet()) {
                if (!entry.getKey().equals(COUNT) && !entry.getKey().equals(BYTES)) {
                    text.append(separator).append(entry.getKey()).append('=').append(entry.getValue());
                    separator = ";";
                }
            }
            return text.toString().getBytes(StandardCharsets.UTF_8);
        }
    }
}
