ALTER TABLE "hit_batches" RENAME TO "applied_hits";--> statement-breakpoint
ALTER INDEX "hit_batches_pkey" RENAME TO "applied_hits_pkey";--> statement-breakpoint
ALTER INDEX "hit_batches_applied_at_idx" RENAME TO "applied_hits_applied_at_idx";--> statement-breakpoint
ALTER INDEX "hit_batches_counts_idx" RENAME TO "applied_hits_counts_idx";
