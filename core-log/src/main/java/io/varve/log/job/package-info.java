// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/** Work that the owner of a log steps, and a small runner for who wants a thread for it. */
@NullMarked
package io.varve.log.job;

import org.jspecify.annotations.NullMarked;
