"""Functions that Kusto has and the simulator does not: refused by name."""

from __future__ import annotations

FUNCTIONS = frozenset({
    "app", "array_iff", "array_iif", "array_rotate_left", "array_rotate_right", "array_shift_left", "array_shift_right",
    "array_split", "bag_set_key", "bag_zip", "beta_cdf", "bin_auto", "buildschema", "current_principal",
    "current_principal_details", "cursor_after", "dcount_hll", "erf", "erfc", "estimate_data_size", "format_bytes",
    "format_ipv4", "gamma", "geo_distance_2points", "geo_point_to_geohash", "gzip_compress_to_base64_string",
    "has_any_ipv4", "has_ipv4", "has_ipv4_prefix", "hash", "hash_combine", "hash_many", "hash_xxhash64",
    "indexof_regex", "ingestion_time", "ipv4_compare", "ipv4_is_in_range", "ipv4_is_match", "ipv4_is_private",
    "jaccard_index", "loggamma", "make_string", "next", "parse_command_line", "parse_csv", "parse_ipv4", "parse_ipv6",
    "parse_path", "parse_user_agent", "parse_version", "parse_xml", "percentile_tdigest", "prev",
    "punycode_from_string", "rank_tdigest", "repeat", "resource", "row_cumsum", "row_number", "row_rank_dense",
    "row_rank_min", "row_window_session", "series_add", "series_decompose", "series_decompose_anomalies",
    "series_divide", "series_fir", "series_fit_line", "series_outliers", "series_stats", "strcat_ws", "to_utf8",
    "tobytes", "treepath", "unicode_codepoints_from_string", "unicode_codepoints_to_string", "welch_test", "workspace",
    "zlib_compress_to_base64_string",
})  # fmt: skip
