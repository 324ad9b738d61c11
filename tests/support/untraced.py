"""Tests whose coverage is not measured, as tracing doubles what they take, which is long: by file, below ``tests/``."""

from __future__ import annotations

UNTRACED: dict[str, set[str]] = {
    "algorithms/external/test_faults.py": {
        "test_every_fault_is_told_and_costs_no_other_setting",
    },
    "algorithms/kernels/test_nn_descent.py": {
        "test_a_graph_has_most_of_the_nearest_neighbours",
    },
    "algorithms/kernels/test_policy.py": {
        "test_kernels_answer_the_same_in_plain_python",
    },
    "algorithms/kernels/test_space.py": {
        "test_distances_over_integers_stray_by_no_more_than_queries_are_rounded",
        "test_distances_to_codes_are_those_to_what_they_stand_for",
    },
    "algorithms/test_acorn.py": {
        "test_long_lists_and_a_wide_beam_are_exact_for_any_filter",
        "test_recall_grows_with_the_beam",
        "test_without_a_filter_it_is_about_as_good_as_hnsw",
    },
    "algorithms/test_caps.py": {
        "test_reading_all_partitions_is_exact",
        "test_recall_grows_with_the_budget",
    },
    "algorithms/test_composite.py": {
        "test_answers_to_any_filter_are_valid_and_exact_with_wide_beams",
        "test_every_plan_is_exact_with_a_beam_as_wide_as_the_data",
        "test_index_and_answers_are_the_same_for_any_number_of_threads",
        "test_the_recall_that_is_asked_for_is_reached",
        "test_trees_of_depth_four_agree_with_the_naive_oracle",
        "test_what_nothing_passes_costs_nothing",
    },
    "algorithms/test_composite_parts.py": {
        "test_a_cover_holds_what_passes",
        "test_what_passes_is_counted_and_listed",
    },
    "algorithms/test_contract.py": {
        "test_a_few_items_are_enough",
        "test_a_query_alone_has_the_same_answer_as_among_others",
        "test_answers_are_valid_and_wide_settings_find_nearly_all",
        "test_duplicates_that_tear_a_graph_apart",
    },
    "algorithms/test_digra.py": {
        "test_an_index_can_be_emptied_and_filled_again",
    },
    "algorithms/test_dsg.py": {
        "test_rectangles_are_where_pruning_keeps_an_edge",
    },
    "algorithms/test_filtered_diskann.py": {
        "test_index_and_answers_are_the_same_for_any_number_of_threads",
        "test_narrow_graphs_and_beams_return_passing_items_only",
        "test_nearly_all_of_a_label_is_reachable_from_its_entry",
        "test_recall_grows_with_the_beam",
        "test_with_room_and_a_wide_beam_the_answer_is_exact",
    },
    "algorithms/test_irangegraph.py": {
        "test_recall_grows_with_the_beam_at_any_selectivity",
    },
    "algorithms/test_navix.py": {
        "test_recall_grows_with_the_beam",
        "test_the_local_rule_is_one_hop_where_all_pass_and_never_the_worst",
    },
    "algorithms/test_nhq.py": {
        "test_wider_searches_have_more_recall_and_violate_less",
    },
    "algorithms/test_range_methods.py": {
        "test_a_beam_as_wide_as_all_items_is_exact",
        "test_index_and_answers_are_the_same_for_any_number_of_threads",
        "test_insertions_and_deletions_leave_an_index_as_good_as_a_new_one",
        "test_recall_grows_with_the_beam",
    },
    "algorithms/test_sieve.py": {
        "test_what_passes_is_measured_where_that_is_cheaper",
    },
    "algorithms/test_ung.py": {
        "test_a_wide_beam_is_exact",
    },
    "cluster/test_launchers.py": {
        "test_a_failing_job_does_not_affect_others",
        "test_a_sweep_that_lost_a_worker_resumes",
        "test_all_below_a_sweep_end_with_it",
        "test_without_a_launcher_a_sweep_goes_on_after_an_error",
    },
    "cluster/test_ray.py": {
        "test_a_killed_worker_loses_nothing",
    },
    "cluster/test_shards.py": {
        "test_the_command_says_where_shards_are_and_their_recall",
        "test_two_workers_answer_as_one_process_does",
    },
    "core/test_formats.py": {
        "test_methods_search_codes_as_well_as_vectors",
    },
    "datasets/test_arxiv_sim.py": {
        "test_attributes_agree_with_each_other",
        "test_comparison_confirms_the_real_structure",
        "test_same_bytes_for_any_number_of_threads",
    },
    "datasets/test_characteristics.py": {
        "test_a_file_is_read_as_it_was_written",
        "test_norms_distances_and_correlations",
        "test_the_best_fit_is_what_values_were_drawn_from",
    },
    "datasets/test_public_sets.py": {
        "test_a_column_of_the_hub_filters",
        "test_a_public_set_runs_with_its_filters",
    },
    "doors/test_bad_input.py": {
        "test_a_dry_run_makes_the_same_checks",
        "test_a_refused_command_exits_with_two_and_one_line",
        "test_damaged_files_are_refused",
        "test_invalid_arguments_are_refused",
    },
    "doors/test_compile.py": {
        "test_a_run_finds_everything_compiled",
        "test_an_unserved_workload_and_a_dry_run_compile_nothing",
        "test_nothing_is_stored_or_left_behind",
    },
    "doors/test_data.py": {
        "test_invalid_actions_are_refused",
        "test_verify_accepts_exact_answers_and_names_others",
    },
    "doors/test_figures.py": {
        "test_a_mistake_is_one_line_and_exit_code_two",
        "test_help_is_printed_and_nothing_is_run",
        "test_plot_and_table_read_the_store",
    },
    "doors/test_full_disk.py": {
        "test_a_run_goes_on_when_there_is_space_again",
    },
    "doors/test_given.py": {
        "test_a_given_expression_replaces_the_configured_one",
        "test_an_index_over_one_attribute_says_that_filters_test_several",
        "test_the_same_range_over_every_type_has_the_same_answers",
    },
    "doors/test_list.py": {
        "test_all_tables_are_printed",
        "test_every_configured_method_is_listed_and_described",
        "test_the_taxonomy_names_the_methods_that_run_here",
        "test_ticks_and_reasons_agree",
    },
    "doors/test_perf.py": {
        "test_all_figures_are_drawn_from_synthetic_rows",
        "test_builds_are_timed_and_their_bytes_compared",
        "test_methods_are_compared_with_unfiltered_hnswlib",
        "test_three_engines_are_compared",
    },
    "doors/test_plot.py": {
        "test_files_are_named_by_dataset_and_k_and_are_reproducible",
        "test_other_axes_can_be_chosen",
        "test_the_legend_lists_every_method_and_nothing_overlaps",
    },
    "doors/test_reproduce.py": {
        "test_figures_are_compared_recorded_and_compared_again",
    },
    "doors/test_run.py": {
        "test_a_dry_run_runs_nothing",
        "test_a_killed_run_is_completed_by_the_next_one",
        "test_a_run_that_fails_names_its_log",
        "test_a_smaller_format_gives_a_variant_of_the_method",
        "test_a_sweep_fills_the_store_and_is_not_run_twice",
        "test_an_interrupted_sweep_resumes",
        "test_overwrite_and_repeats_make_the_missing_runs",
        "test_what_a_workload_controls_is_stored",
    },
    "doors/test_signals.py": {
        "test_a_signal_ends_the_command_and_all_below_it",
        "test_a_worker_dies_with_its_parent_from_the_beginning",
    },
    "doors/test_study.py": {
        "test_a_dataset_is_described_once_for_all_workloads",
        "test_a_study_resumes_and_skips_unsupported_runs",
        "test_a_tuning_study_searches_all_methods_that_can_be_searched",
        "test_invalid_words_are_refused",
        "test_repeats_are_made_round_by_round_until_the_budget_ends",
        "test_runs_of_another_process_come_last",
    },
    "doors/test_table.py": {
        "test_every_format_holds_every_method_of_every_workload",
    },
    "doors/test_tune.py": {
        "test_a_run_needs_a_search",
        "test_a_search_resumes_and_its_result_can_be_run",
        "test_an_unfinished_or_damaged_search_is_refused",
        "test_invalid_words_are_refused",
        "test_kept_indexes_are_built_once_for_all_workloads",
    },
    "measuring/test_adversarial.py": {
        "test_a_build_that_takes_too_much_memory_is_stopped",
        "test_a_method_for_afanns_may_ignore_the_filter_and_gains_nothing_by_it",
        "test_a_method_that_ends_early_has_crashed",
        "test_a_run_without_failures_keeps_no_log",
        "test_a_setting_that_fails_costs_no_other",
        "test_an_honest_method_is_perfect",
        "test_answers_in_another_order_are_counted",
        "test_answers_of_another_shape_or_type_are_invalid",
        "test_ids_that_nobody_asked_for_are_invalid",
        "test_settings_that_fail_share_a_log_that_a_new_attempt_replaces",
        "test_short_answers_are_valid_and_poor",
        "test_the_log_of_a_worker_that_failed_is_kept_and_named",
        "test_what_a_method_prints_is_not_believed",
    },
    "measuring/test_cheats.py": {
        "test_a_build_elsewhere_is_timed_and_remarked",
        "test_a_daemon_does_not_outlive_its_worker",
        "test_a_method_that_remembers_answers_is_noticed",
        "test_a_search_in_prepare_is_charged",
        "test_a_worker_that_prints_without_end_fills_nothing",
        "test_more_threads_than_a_method_may_use_are_noticed",
        "test_neither_answers_nor_queries_nor_results_can_be_read",
        "test_the_memory_of_a_child_is_counted",
        "test_what_is_judged_is_what_was_timed",
        "test_work_is_timed_wherever_it_is_done",
    },
    "reports/page/test_numbers.py": {
        "test_the_adviser_agrees_with_that_of_the_command_line",
        "test_the_regret_of_a_cell_is_that_of_the_reports",
        "test_throughput_at_recalls_is_that_of_the_table",
    },
    "reports/page/test_views.py": {
        "test_every_control_works",
        "test_every_view_is_accessible",
        "test_twenty_thousand_rows_are_one_small_file",
    },
    "reports/test_advice.py": {
        "test_it_agrees_with_the_table",
    },
    "reports/test_characteristics.py": {
        "test_every_dataset_has_a_panel",
    },
    "reports/test_exhibits.py": {
        "test_a_part_of_a_dataset_is_not_in_the_figures_of_the_whole",
        "test_costs_are_means_over_builds",
        "test_every_exhibit_is_drawn_from_its_rows",
        "test_formats_of_vectors_have_curves_and_bars_of_their_own",
        "test_rows_of_several_machines_are_mixed_by_nobody",
        "test_the_command_draws_what_it_can_and_names_the_missing_studies",
        "test_the_same_rows_give_the_same_bytes",
        "test_vectors_without_attributes_have_no_figure_of_them",
    },
    "reports/test_observations.py": {
        "test_embeddings",
        "test_the_command_prints_a_conclusion_for_each_observation",
    },
    "runs/test_run.py": {
        "test_a_first_call_says_that_it_compiles",
        "test_a_hybrid_index_is_built_for_each_workload",
        "test_a_row_of_a_run_that_ended_well_is_complete",
        "test_every_query_is_stored",
        "test_every_repeat_builds_anew_and_is_stored",
        "test_k_larger_than_the_answers_that_are_kept",
        "test_latencies_are_optional",
        "test_queries_that_are_skipped_leave_the_others_with_their_filters",
        "test_workloads_share_an_index_that_knows_no_attributes",
    },
    "runs/test_writers.py": {
        "test_a_child_runs_on_cpus_that_nobody_has_claimed",
        "test_a_run_that_another_writer_makes_is_waited_for_and_not_made_again",
        "test_an_index_that_another_run_builds_is_waited_for_and_shared",
        "test_two_sweeps_at_once_make_every_run_once",
    },
    "snapshot/test_embedders.py": {
        "test_minilm_matches_sentences_of_the_same_meaning",
    },
    "snapshot/test_make.py": {
        "test_a_build_that_is_killed_after_a_stage_resumes",
        "test_invalid_arguments_are_refused",
        "test_the_command_from_a_snapshot_to_a_run",
        "test_verify_names_a_changed_file",
    },
    "test_architecture.py": {
        "test_nobody_imports_a_door_or_a_measurement",
    },
    "test_configs.py": {
        "test_a_method_names_its_paper_and_reasons_for_unserved_filters",
        "test_a_preset_replaces_parameters_by_candidates",
        "test_a_study_composes_into_typed_runs_at_every_scale",
        "test_an_algorithm_file_sets_exactly_the_declared_parameters",
        "test_every_class_of_a_method_has_its_file",
        "test_every_method_has_a_distinct_look",
        "test_every_option_composes_into_a_typed_run",
        "test_invalid_values_are_refused",
        "test_names_equal_those_of_the_files",
        "test_unknown_overrides_are_refused",
    },
    "test_docs.py": {
        "test_all_columns_and_methods_are_described",
        "test_all_commands_are_described",
        "test_all_keys_are_described",
        "test_commands_are_accepted",
        "test_every_mark_is_filled",
        "test_every_package_has_a_page_and_a_place_in_the_picture",
        "test_links_lead_somewhere",
        "test_the_navigation_names_pages_that_are_there",
        "test_the_tutorial_adds_a_method_that_runs",
    },
    "test_makefile.py": {
        "test_what_make_would_run_is_accepted",
    },
    "test_newcomer.py": {
        "test_a_dataset",
        "test_a_figure",
        "test_a_filter",
        "test_a_method_around_a_binary",
        "test_a_metric",
    },
    "test_wheel.py": {
        "test_a_read_only_installation_without_a_home",
        "test_a_sweep_a_table_and_a_plot_from_another_folder",
        "test_every_command_is_there",
    },
    "truth/test_search.py": {
        "test_answers_do_not_depend_on_the_size_of_shards",
    },
    "tuning/test_searches.py": {
        "test_no_point_is_evaluated_twice_and_the_best_one_wins",
    },
    "workloads/test_sources.py": {
        "test_an_item_passes_every_conjunction",
        "test_correlated_filters_have_the_value_of_a_near_item",
    },
}
