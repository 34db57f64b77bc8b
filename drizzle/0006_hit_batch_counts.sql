ALTER TABLE "hit_batches" ADD COLUMN "hits" bigint;--> statement-breakpoint
ALTER TABLE "hit_batches" ADD COLUMN "link_ids" bigint[];--> statement-breakpoint
ALTER TABLE "hit_batches" ADD COLUMN "counts" bigint[];--> statement-breakpoint
CREATE INDEX "hit_batches_counts_idx" ON "hit_batches" USING btree ("applied_at") WHERE link_ids IS NOT NULL;